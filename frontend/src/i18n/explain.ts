import type { CrosstalkError, ErrorCode } from '../client'
import { language } from './language.svelte'

/** What a person is told about a refusal. */
export function explain(error: Pick<CrosstalkError, 'code'> & { retryAfter?: number | null }): string {
  const { errors } = language.t
  const words = explainCode(error.code)
  return error.retryAfter ? `${words} ${errors.again(Math.ceil(error.retryAfter))}` : words
}

export function explainCode(code: ErrorCode): string {
  const { errors } = language.t
  if (code === 'timeout') return errors.unavailable
  return errors[code]
}
