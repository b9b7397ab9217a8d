const MEETING = /^(?:\p{Script=Han}[a-z\d]|[a-z\d]\p{Script=Han})$/iu

/** Joins parts of a text. Where a Chinese character meets a Latin letter or a digit, there is a space between them. */
export function spaced(...parts: string[]): string {
  return parts.reduce(
    (text, part) => text + (MEETING.test(text.slice(-1) + part.slice(0, 1)) ? ' ' : '') + part,
  )
}

/** The same for a template: `` text`加入${name}` ``. */
export const text = (fixed: TemplateStringsArray, ...values: string[]): string =>
  spaced(...fixed.flatMap((part, i) => [part, values[i] ?? '']))
