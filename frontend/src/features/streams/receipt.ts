import type { LiveStreamState } from '../../client'
import { language } from '../../i18n/language.svelte'
import { reasonOf } from './reason'

/** How a live text ended: who, why, and how much there is. */
export function receipt(state: LiveStreamState, me: string): string {
  const t = language.t.stream
  const amount = (state.content_type === 'application/json' ? t.items : t.characters)(state.end)
  const because = state.reason ? ` · ${reasonOf(state.reason)}` : ''
  switch (state.state) {
    case 'open':
      return ''
    case 'finished':
      return t.finished(amount)
    case 'stopped': {
      if (state.by?.id === me) return t.stoppedByMe(amount) + because
      return (state.by ? t.stopped(state.by.name, amount) : t.stoppedBy(amount)) + because
    }
    case 'interrupted':
      return t.interrupted(amount) + because
    case 'failed':
      return t.failed(amount) + because
  }
}
