/** Text in lines, each with its own line break: together they are the text again. */
export function paragraphsOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/gu) ?? []
}
