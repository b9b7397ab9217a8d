import type { Change, Member, PresenceChanged, ReadMarked, User } from './contract/schemas.ts'
import { Value } from './observable.ts'
import { applyPresence, byName, type Presence, presenceOf, withPresence } from './presence.ts'
import type { Roster as RosterState } from './surface.ts'

type MemberChange = Extract<Change, { user: User }>
type FetchPage = (after: string | null) => Promise<{ members: Member[]; more: boolean }>

/** So many pages are loaded with the room; the rest when somebody asks. */
const PAGES_AT_ONCE = 3

/** The members of one room. */
export class Roster {
  readonly value = new Value<RosterState>({ members: [], online: 0, more: false })
  readonly #fetchPage: FetchPage
  readonly #members = new Map<string, Member>()
  /** Null until it was asked for: until then members say themselves whether they are online. */
  #presence: Presence | null = null
  #more = true
  #after: string | null = null
  #loading: Promise<void> | null = null
  /** What changed while a page was on its way, which may not know it. */
  #meanwhile: MemberChange[] = []
  #generation = 0

  constructor(fetchPage: FetchPage) {
    this.#fetchPage = fetchPage
  }

  async reload(): Promise<void> {
    this.#generation += 1
    this.#members.clear()
    this.#loading = null
    this.#meanwhile = []
    this.#more = true
    this.#after = null
    for (let page = 0; page < PAGES_AT_ONCE && this.#more; page += 1) await this.loadMore()
  }

  loadMore(): Promise<void> {
    if (!this.#more) return Promise.resolve()
    const generation = this.#generation
    this.#loading ??= this.#loadPage(generation).finally(() => {
      if (generation === this.#generation) this.#loading = null
    })
    return this.#loading
  }

  changed(change: MemberChange): void {
    if (this.#loading !== null) this.#meanwhile.push(change)
    this.#apply(change)
    this.#publish()
  }

  marked({ user_id, seq }: ReadMarked): void {
    const known = this.#members.get(user_id)
    if (known === undefined || known.read_seq >= seq) return
    this.#members.set(user_id, { ...known, read_seq: seq })
    this.#publish()
  }

  presenceKnown(online: readonly string[]): void {
    this.#presence = presenceOf(online)
    this.#publish()
  }

  presenceChanged(diff: PresenceChanged): void {
    // Without a state a difference is about nothing; the state that was asked for will hold it.
    if (this.#presence === null) return
    const next = applyPresence(this.#presence, diff)
    if (next === this.#presence) return
    this.#presence = next
    this.#publish()
  }

  async #loadPage(generation: number): Promise<void> {
    const page = await this.#fetchPage(this.#after)
    if (generation !== this.#generation) return
    for (const member of page.members) this.#members.set(member.user.id, member)
    for (const change of this.#meanwhile) this.#apply(change)
    this.#meanwhile = []
    this.#after = page.members.at(-1)?.user.id ?? this.#after
    this.#more = page.more
    this.#publish()
  }

  #apply(change: MemberChange): void {
    const { user } = change
    if (change.event === 'member:left') {
      this.#members.delete(user.id)
      return
    }
    // A client that was away may learn of a new member by the change of the role alone.
    const known = change.event === 'member:changed' ? this.#members.get(user.id) : undefined
    const online = this.#presence?.has(user.id) ?? true
    const member = known ?? { user, joined_at: new Date().toISOString(), read_seq: 0, online }
    this.#members.set(user.id, { ...member, role: change.role })
  }

  #publish(): void {
    const known = this.#members.values()
    const members =
      this.#presence === null
        ? [...known].sort((a, b) => byName(a.user, b.user))
        : withPresence(known, this.#presence)
    const online = members.filter((member) => member.online).length
    this.value.set({ members, online, more: this.#more })
  }
}
