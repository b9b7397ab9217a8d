import type { TypingChanged, User } from './contract/schemas.ts'
import { Value } from './observable.ts'

/** The server ends it 6 s after the last start; a little more, in case that notice is lost. */
const FORGET_MS = 7_000
/** Starts are said again this often, so that the 6 s never run out while somebody writes. */
const REPEAT_MS = 3_000

/** Who is writing, and saying that one is writing oneself. */
export class Typing {
  readonly value = new Value<readonly User[]>([])
  readonly #say: (name: 'typing:start' | 'typing:stop') => void
  readonly #writing = new Map<string, { user: User; forget: ReturnType<typeof setTimeout> }>()
  #saidAt: number | null = null

  constructor(say: (name: 'typing:start' | 'typing:stop') => void) {
    this.#say = say
  }

  start(): void {
    const now = Date.now()
    if (this.#saidAt !== null && now - this.#saidAt < REPEAT_MS) return
    this.#saidAt = now
    this.#say('typing:start')
  }

  stop(): void {
    if (this.#saidAt === null) return
    this.#saidAt = null
    this.#say('typing:stop')
  }

  changed({ user, typing }: TypingChanged): void {
    clearTimeout(this.#writing.get(user.id)?.forget)
    if (typing) {
      const forget = setTimeout(() => this.wrote(user.id), FORGET_MS)
      this.#writing.set(user.id, { user, forget })
      this.#publish()
    } else {
      this.wrote(user.id)
    }
  }

  /** A message of theirs came: that was it. */
  wrote(userId: string): void {
    const known = this.#writing.get(userId)
    if (known === undefined) return
    clearTimeout(known.forget)
    this.#writing.delete(userId)
    this.#publish()
  }

  reset(): void {
    for (const { forget } of this.#writing.values()) clearTimeout(forget)
    this.#writing.clear()
    this.#saidAt = null
    this.#publish()
  }

  #publish(): void {
    const users = [...this.#writing.values()].map(({ user }) => user)
    if (users.length > 0 || this.value.get().length > 0) this.value.set(users)
  }
}
