import { shown } from './rows/values.ts'
import { inFull, jsonOf } from './written.ts'

/** `note`: about the connection itself. */
export type Direction = 'in' | 'out' | 'note'

export interface Fact {
  readonly direction: Direction
  readonly namespace: string
  readonly event: string
  readonly args: readonly unknown[]
  /** An ack of that event; after so many milliseconds, where that is known. */
  readonly ack?: { readonly ms?: number }
}

export interface Entry extends Omit<Fact, 'args'> {
  /** Counts from 1, and never again. */
  readonly n: number
  /** In milliseconds, as `Date.now()` gives them. */
  readonly at: number
  /** The arguments on one line. */
  readonly line: string
  /** The arguments as far as they are kept, over several lines. */
  readonly full: string
  readonly json: string
}

export interface Filter {
  readonly words: string
  readonly direction: 'all' | 'in' | 'out'
}

const ENTRIES = 2_000
const CHARACTERS = 4_000_000

/** What went over the wire, the newest last. It forgets the oldest, so that it may stay open for days. */
export class Log {
  #entries: Entry[] = []
  #characters = 0
  #n = 0
  /** What was there when it was paused. */
  #frozen: readonly Entry[] | null = null
  readonly #listeners = new Set<() => void>()

  constructor(
    readonly bounds = { entries: ENTRIES, characters: CHARACTERS },
    readonly now = Date.now,
  ) {}

  add({ args, ...fact }: Fact): Entry {
    this.#n += 1
    const entry: Entry = {
      ...fact,
      n: this.#n,
      at: this.now(),
      line: args.map(shown).join(', '),
      full: inFull(args),
      json: jsonOf(args),
    }
    this.#entries.push(entry)
    this.#characters += weight(entry)
    this.#forget()
    this.#tell()
    return entry
  }

  /** The entries that are to be seen: all there are, or those from before the pause. */
  seen({ words, direction }: Filter): readonly Entry[] {
    const entries = this.#frozen ?? this.#entries
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
    if (wanted.length === 0 && direction === 'all') return [...entries]
    return entries.filter(
      (entry) =>
        (direction === 'all' || entry.direction === direction) &&
        wanted.every((word) => searched(entry).includes(word)),
    )
  }

  get paused(): boolean {
    return this.#frozen !== null
  }

  /** How many have come since it was paused. */
  get held(): number {
    return this.#frozen === null ? 0 : this.#n - (this.#frozen.at(-1)?.n ?? this.#pausedAt)
  }

  #pausedAt = 0

  pause(): void {
    this.#frozen = [...this.#entries]
    this.#pausedAt = this.#n
    this.#tell()
  }

  resume(): void {
    this.#frozen = null
    this.#tell()
  }

  clear(): void {
    this.#entries = []
    this.#characters = 0
    if (this.#frozen) this.pause()
    this.#tell()
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #forget(): void {
    let gone = 0
    while (
      this.#entries.length - gone > this.bounds.entries ||
      (this.#characters > this.bounds.characters && gone < this.#entries.length - 1)
    ) {
      const oldest = this.#entries[gone]
      if (!oldest) break
      this.#characters -= weight(oldest)
      gone += 1
    }
    if (gone > 0) this.#entries.splice(0, gone)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** One JSON line an entry: what is pasted into a ticket can be read by a person and by a program. */
export function copied(entries: readonly Entry[]): string {
  return entries
    .map(({ at, direction, namespace, event, ack, json }) => {
      const head = { time: new Date(at).toISOString(), direction, namespace, event, ...(ack && { ack }) }
      return `${JSON.stringify(head).slice(0, -1)},"args":${json}}`
    })
    .join('\n')
}

function searched({ namespace, event, line, ack }: Entry): string {
  return `${namespace} ${event} ${ack ? 'ack ' : ''}${line}`.toLowerCase()
}

function weight({ line, full, json }: Entry): number {
  return line.length + full.length + json.length
}
