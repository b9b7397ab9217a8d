import type { LastMessage } from '../../client'
import { language } from '../../i18n/language.svelte'

/** The newest message of a room in one line, with its author. */
export function lastWords({ author, kind, excerpt, deleted }: LastMessage, me: string): string {
  const { common, message, rooms } = language.t
  if (deleted) return message.deleted
  const name = author.id === me ? common.you : author.name
  return common.labelled(name, kind === 'stream' ? rooms.liveMessage : excerpt)
}
