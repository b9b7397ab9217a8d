import type { Member, User } from './contract/schemas.ts'

/** Who is online in a room. The state is asked for once, then come differences; values are never written to. */
export type Presence = ReadonlySet<string>

export interface PresenceDiff {
  readonly online: readonly string[]
  readonly offline: readonly string[]
}

export const nobody: Presence = new Set()

export function presenceOf(online: readonly string[]): Presence {
  return new Set(online)
}

/** Applying a difference twice changes nothing; one that changes nothing gives the same value back. */
export function applyPresence(presence: Presence, diff: PresenceDiff): Presence {
  const next = new Set(presence)
  for (const id of diff.offline) next.delete(id)
  for (const id of diff.online) next.add(id)
  return samePresence(presence, next) ? presence : next
}

export function presenceDiff(before: Presence, after: Presence): PresenceDiff {
  return {
    online: [...after].filter((id) => !before.has(id)),
    offline: [...before].filter((id) => !after.has(id)),
  }
}

export function samePresence(one: Presence, other: Presence): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id))
}

/** Members as shown: by name, with their presence. A member whose presence did not change stays the same object. */
export function withPresence(members: Iterable<Member>, presence: Presence): Member[] {
  return [...members]
    .map((member) =>
      member.online === presence.has(member.user.id) ? member : { ...member, online: !member.online },
    )
    .sort((a, b) => byName(a.user, b.user))
}

const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })

export function byName(a: Pick<User, 'name' | 'id'>, b: Pick<User, 'name' | 'id'>): number {
  return collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1)
}
