import type { Socket } from 'socket.io-client'
import { fitting, shown } from './values.ts'

/** Something that should have come and did not; the text is what is shown in its place. */
export class Missing extends Error {}

export interface Heard {
  readonly event: string
  readonly args: readonly unknown[]
  /** When it came, by `performance.now()`. */
  readonly at: number
}

type Matches = (args: readonly unknown[]) => boolean

const KEPT = 2_000
const TOLD = 3

/** One connection to one namespace, which remembers what it hears: nothing is missed for being listened to late. */
export class Peer {
  readonly #timeoutMs: number
  readonly #watchers = new Set<() => void>()
  #heard: Heard[] = []
  #ended: string | null = null

  constructor(
    readonly socket: Socket,
    timeoutMs: number,
  ) {
    this.#timeoutMs = timeoutMs
    socket.onAny((event: string, ...args: unknown[]) => {
      this.#heard.push({
        event,
        args: args.filter((one) => typeof one !== 'function'),
        at: performance.now(),
      })
      if (this.#heard.length > KEPT) this.#heard.shift()
      this.#changed()
    })
    socket.on('disconnect', (reason) => {
      this.#ended = reason
      this.#changed()
    })
  }

  get id(): string {
    return this.socket.id ?? ''
  }

  get connected(): boolean {
    return this.socket.connected
  }

  /** Why the namespace was left, when it was. */
  get ended(): string | null {
    return this.#ended
  }

  forget(): void {
    this.#heard = []
  }

  emit(event: string, ...args: readonly unknown[]): void {
    this.socket.emit(event, ...args)
  }

  /** Emits, and returns the arguments of the ack. */
  async call(event: string, ...args: readonly unknown[]): Promise<unknown[]> {
    let acked: unknown[] | null = null
    this.socket.emit(event, ...args, (...answer: unknown[]) => {
      acked = answer
      this.#changed()
    })
    return this.#until(`no ack of ${event}`, () => acked)
  }

  /** The arguments of the first such event that nobody has taken yet. */
  async hears(event: string, matches: Matches = () => true): Promise<readonly unknown[]> {
    return this.#until(`no ${event}`, () => {
      const index = this.#heard.findIndex((one) => one.event === event && matches(one.args))
      return index < 0 ? null : (this.#heard.splice(index, 1)[0]?.args ?? null)
    })
  }

  /**
   * The `my response` to what was sent. The namespace is open to all: others' broadcasts are `my response` as well, and are
   * taken for it only when nothing fits.
   */
  async response(sent: readonly unknown[]): Promise<readonly unknown[]> {
    const fits: Matches = (args) => fitting(sent, args)
    return this.hears(
      'my response',
      this.all('my response').some(({ args }) => fits(args)) ? fits : undefined,
    )
  }

  /** Waits until there are so many of an event, and leaves them there. */
  async hearsMany(event: string, count: number): Promise<void> {
    await this.#until(`not ${String(count)} × ${event}`, () => this.all(event).length >= count || null)
  }

  /** All of an event that have come and were not taken. */
  all(event: string): readonly Heard[] {
    return this.#heard.filter((one) => one.event === event)
  }

  /** Whether it has come by now. What the server sent before this is asked has arrived when the answer is given. */
  async hasHeard(event: string, matches: Matches = () => true): Promise<boolean> {
    await this.call('whoami')
    return this.all(event).some(({ args }) => matches(args))
  }

  /** The reason for which the namespace is left. */
  async ends(): Promise<string> {
    return this.#until('no end of the connection', () => this.#ended, true)
  }

  leave(): void {
    this.socket.disconnect()
  }

  #until<T>(missing: string, look: () => T | null, mayEnd = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer)
        this.#watchers.delete(watch)
      }
      const watch = () => {
        const found = look()
        if (found !== null) {
          done()
          resolve(found)
        } else if (this.#ended !== null && !mayEnd) {
          done()
          reject(new Missing(`${missing}: the connection ended (${this.#ended})${this.#last()}`))
        }
      }
      const timer = setTimeout(() => {
        done()
        reject(new Missing(`${missing} within ${String(this.#timeoutMs / 1000)} s${this.#last()}`))
      }, this.#timeoutMs)
      this.#watchers.add(watch)
      watch()
    })
  }

  /** What came instead. */
  #last(): string {
    const last = this.#heard.slice(-TOLD).map(({ event, args }) => `${event} ${shown(args)}`)
    return last.length > 0 ? `; heard ${last.join(', ')}` : ''
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch()
  }
}
