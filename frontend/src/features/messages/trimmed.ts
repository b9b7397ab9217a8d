/** A text as it is sent: without blank lines before it and blanks behind it. The indentation of its first line stays. */
export function trimmed(text: string): string {
  return text.trimEnd().replace(/^(?:[^\S\n]*\n)+/, '')
}
