/**
 * Text that was typed and not sent: a new message of a room, or a change of a message. Kept per person, so that the next
 * person on this device never sees it, and until it is sent, given up, or the person signs out.
 */
import { stored } from '../../ui/stored'

const PREFIX = 'crosstalk.draft.'

/** A new message of a room, or with `messageId` the edit of a message of that room. */
export interface DraftOf {
  readonly userId: string
  readonly roomId: string
  readonly messageId?: string
}

const keyOf = ({ userId, roomId, messageId }: DraftOf) =>
  `${PREFIX}${userId}.${roomId}${messageId === undefined ? '' : `.${messageId}`}`

export const drafts = {
  /** The text, or null when there is none. */
  get: (of: DraftOf): string | null => stored.get(keyOf(of)),

  /** Keeps a text; an empty one is forgotten. */
  keep(of: DraftOf, text: string): void {
    if (text === '') stored.remove(keyOf(of))
    else stored.set(keyOf(of), text)
  },

  remove: (of: DraftOf): void => stored.remove(keyOf(of)),

  /** The messages of a room of which this person has begun an edit. */
  edits({ userId, roomId }: DraftOf): string[] {
    const prefix = `${keyOf({ userId, roomId })}.`
    return stored.keys(prefix).map((key) => key.slice(prefix.length))
  },

  /** The person has signed out. */
  forget(userId: string): void {
    for (const key of stored.keys(`${PREFIX}${userId}.`)) stored.remove(key)
  },
}
