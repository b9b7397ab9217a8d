import type { Change, Changes, History, Room as RoomResource } from './contract/schemas.ts'
import { asCrosstalkError, CrosstalkError } from './errors.ts'
import { Value } from './observable.ts'
import { pauseMs } from './pauses.ts'
import { Sequence } from './sequence.ts'
import type { RoomState } from './surface.ts'

/** How long a missing event may still come by itself before it is asked for. */
const GRACE_MS = 300
const PAUSES = { firstMs: 500, mostMs: 15_000 }
/** Numbers that were told of and that the server does not have, after as many questions: load anew. */
const FRUITLESS_AT_MOST = 3

export interface RoomLogPorts {
  snapshot(): Promise<{ room: RoomResource; page: History }>
  /** Puts a snapshot in the place of everything. */
  replace(room: RoomResource, page: History): void
  changes(after: number, epoch: string): Promise<Changes>
  apply(changes: readonly Change[]): void
  /** Changes came that were not told one by one. */
  replayed(): void
  online(): boolean
  random: () => number
}

/** How one room comes back on a new connection: exactly one of `settle` and `ask` is to be called. */
export interface Resumption {
  readonly position: number
  /** The server's verdict on the position. */
  settle(changes: Changes): void
  /** There was no verdict: the room asks for itself. */
  ask(): void
}

/** Keeps one room whole: what the Sequence cannot know by itself, it asks the server for. */
export class RoomLog {
  readonly state = new Value<RoomState>({
    phase: 'loading',
    room: null,
    position: 0,
    latest: 0,
    behind: 0,
    verdict: null,
    error: null,
  })
  readonly #ports: RoomLogPorts
  readonly #sequence = new Sequence<Change>()
  #epoch = ''
  /** Grows when positions lose their meaning: answers to questions from before are dropped. */
  #generation = 0
  /** Grows with each connection; one that came during a load has not been resumed from. */
  #connections = 0
  #catching = false
  /** Resumes that are not answered yet: until then nobody knows whether something is missing. */
  #unanswered = 0
  #fruitless = 0
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ports: RoomLogPorts) {
    this.#ports = ports
  }

  get closed(): boolean {
    return this.state.get().phase === 'closed'
  }

  get epoch(): string {
    return this.#epoch
  }

  async load(): Promise<void> {
    if (this.closed) return
    const generation = this.#begin()
    const connections = this.#connections
    this.#tell({ phase: 'loading', error: null })
    try {
      const { room, page } = await this.#ports.snapshot()
      if (generation !== this.#generation) return
      this.#epoch = page.epoch ?? room.epoch
      this.#failures = 0
      this.#ports.replace(room, page)
      if (room.role === null) {
        this.#tell({ phase: 'preview', room, error: null })
        return
      }
      // The page says where it stands. The room was read before it, so that its number is safe as well.
      this.#ports.apply(this.#sequence.restart(page.position ?? room.seq))
      this.#tell({ phase: 'live', room, error: null })
      if (connections === this.#connections) this.#watch()
      else await this.#catchUp()
    } catch (thrown) {
      if (generation === this.#generation) this.#failed(thrown, 'failed')
    }
  }

  receive(change: Change): void {
    if (this.closed) return
    const due = this.#sequence.receive(change)
    if (due.length > 0) this.#ports.apply(due)
    this.#tell({})
    this.#watch()
  }

  /** A number that was told of by something else than its event. */
  notice(seq: number): void {
    if (this.closed || this.#sequence.position === null) return
    this.#sequence.notice(seq)
    this.#tell({})
    this.#watch()
  }

  /** A new connection: where this room stands, and what to do with the verdict. Null: it has no position yet. */
  resume(): Resumption | null {
    this.#connections += 1
    const { phase, error } = this.state.get()
    if (phase === 'preview' || (phase === 'failed' && error?.passing === true)) void this.load()
    const position = this.#sequence.position
    if (phase === 'closed' || position === null) return null
    const generation = this.#generation
    this.#unanswered += 1
    this.#tell({ phase: 'catching-up' })
    return {
      position,
      settle: (changes) => {
        if (generation !== this.#generation) return
        this.#unanswered -= 1
        if (this.#take(changes) && changes.more) void this.#catchUp()
        else this.#settled()
      },
      ask: () => {
        if (generation !== this.#generation) return
        this.#unanswered -= 1
        void this.#catchUp()
      },
    }
  }

  /** The room as the list of rooms knows it, which is fresher in all but the log. */
  roomChanged(room: RoomResource): void {
    const { phase, room: known } = this.state.get()
    if (phase !== 'closed' && known !== null && known !== room) this.#tell({ room })
  }

  refused(error: CrosstalkError): void {
    this.#begin()
    this.#tell({ phase: 'failed', error })
  }

  close(): void {
    this.#begin()
    this.#tell({ phase: 'closed' })
  }

  /** Asks page by page until nothing is missing. */
  async #catchUp(): Promise<void> {
    if (this.#catching || this.closed) return
    this.#catching = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    const generation = this.#generation
    const before = this.#sequence.position
    this.#tell({ phase: 'catching-up' })
    try {
      let more = true
      while (more && generation === this.#generation && this.#sequence.position !== null) {
        const changes = await this.#ports.changes(this.#sequence.position, this.#epoch)
        if (generation !== this.#generation || !this.#take(changes)) return
        more = changes.more
      }
      this.#failures = 0
      this.#ports.replayed()
      this.#fruitless = this.#sequence.position === before ? this.#fruitless + 1 : 0
    } catch (thrown) {
      if (generation === this.#generation) this.#failed(thrown, 'catching-up')
      return
    } finally {
      if (generation === this.#generation) this.#catching = false
    }
    if (generation === this.#generation) this.#settled()
  }

  /** Applies an answer; false when it was a snapshot, which is another way to become whole. */
  #take(changes: Changes): boolean {
    if (changes.verdict === 'snapshot') {
      this.#tell({ verdict: 'snapshot' })
      // A public room that the user left elsewhere can still be read.
      if (changes.reason === 'not_found' && this.state.get().room?.kind !== 'public') {
        this.refused(new CrosstalkError({ code: 'not_found', message: 'There is no such room.' }))
      } else {
        void this.load()
      }
      return false
    }
    this.#epoch = changes.epoch
    this.#ports.apply(this.#sequence.replay(changes.changes, changes))
    this.#tell({ verdict: changes.verdict })
    return true
  }

  #settled(): void {
    if (this.state.get().phase !== 'catching-up' || this.#catching || this.#unanswered > 0) return
    if (this.#sequence.behind === 0) {
      this.#fruitless = 0
      this.#tell({ phase: 'live', error: null })
    } else if (this.#fruitless < FRUITLESS_AT_MOST) {
      this.#watch()
    } else {
      this.#fruitless = 0
      void this.load()
    }
  }

  /** Gives early events a moment to become complete. */
  #watch(): void {
    if (this.#sequence.behind === 0) {
      this.#settled()
    } else if (this.#timer === undefined && !this.#catching) {
      this.#later(GRACE_MS, () => void (this.#sequence.behind > 0 && this.#catchUp()))
    }
  }

  #failed(thrown: unknown, phase: 'failed' | 'catching-up'): void {
    const error = asCrosstalkError(thrown)
    const again = error.passing || error.code === 'internal'
    this.#tell({ phase: again ? phase : 'failed', error })
    // Offline, the next connection asks.
    if (!again || !this.#ports.online()) return
    this.#failures += 1
    const pause = Math.max(
      pauseMs(this.#failures, this.#ports.random, PAUSES),
      (error.retryAfter ?? 0) * 1000,
    )
    this.#later(pause, () => void (phase === 'failed' ? this.load() : this.#catchUp()))
  }

  #later(ms: number, work: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      work()
    }, ms)
  }

  #begin(): number {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#generation += 1
    this.#catching = false
    this.#unanswered = 0
    this.#sequence.forget()
    return this.#generation
  }

  #tell(change: Partial<RoomState>): void {
    const { latest, behind } = this.#sequence
    this.state.set({ ...this.state.get(), position: this.#sequence.position ?? 0, latest, behind, ...change })
  }
}
