import type { User } from '../../client'
import { list } from '../../i18n/formats'
import { language } from '../../i18n/language.svelte'

/** More names than these help nobody. */
const NAMED = 3

export function typingLine(writers: readonly User[]): string {
  if (writers.length === 0) return ''
  const { typing } = language.t
  if (writers.length > NAMED) return typing.many
  return typing.line(list(writers.map((writer) => writer.name)), writers.length)
}
