import type { CrosstalkError, ErrorCode } from '../client'
import { duration } from './formats'
import { language } from './language.svelte'

/** What is wrong with each field, as a sentence. The API describes it in English, without the name of the field. */
export function problemsOf(error: Pick<CrosstalkError, 'fields'>): Record<string, string> {
  const { problem } = language.t.errors
  return Object.fromEntries(Object.entries(error.fields).map(([field, what]) => [field, problem(what)]))
}

/** Refusals that pass by themselves. */
const PASSING: readonly ErrorCode[] = ['rate_limited', 'timeout', 'unavailable']

/** The text that is shown for a refusal: what is wrong, and what to do. */
export function explain(error: Pick<CrosstalkError, 'code'> & { retryAfter?: number | null }): string {
  const { errors } = language.t
  const sentence = explainCode(error.code)
  if (error.retryAfter) return sentences(sentence, tryAgain(error.retryAfter))
  return PASSING.includes(error.code) ? sentences(sentence, errors.soon) : sentence
}

/** "Try again in 16 seconds.": never earlier than that, so that the next attempt is not refused as well. */
export function tryAgain(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  return language.t.errors.again(duration(seconds < 90 ? Math.ceil(seconds) : minutes * 60))
}

/** Sentences one after the other: with a space between them, but not in Chinese. */
export const sentences = (...all: string[]): string => all.join(language.code === 'zh' ? '' : ' ')

export function explainCode(code: ErrorCode): string {
  const { errors } = language.t
  if (code === 'timeout') return errors.unavailable
  return errors[code]
}
