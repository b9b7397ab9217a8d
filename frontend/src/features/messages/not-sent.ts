import type { CrosstalkError } from '../../client'
import { explain } from '../../i18n/explain'
import { language } from '../../i18n/language.svelte'

/** Why a message was refused, in the words of whoever wrote it. */
export function whyNotSent(error: Pick<CrosstalkError, 'code'>): string {
  const t = language.t.message
  switch (error.code) {
    case 'conflict':
      return t.refusedConflict
    case 'forbidden':
    case 'not_found':
      return t.refusedRoom
    default:
      return explain(error)
  }
}
