import { expect, test } from 'vitest'
import { Reader } from './reader.svelte'

const SEEN = 400

/** A list in a window of 400 px, which scrolls no further than a browser would let it. */
class Scrolled {
  readonly reader = new Reader()
  #height = 1000
  #top = 0

  constructor() {
    const scroller = document.createElement('div')
    const rows = document.createElement('div')
    Object.defineProperties(scroller, {
      clientHeight: { value: SEEN },
      scrollHeight: { get: () => this.#height },
      scrollTop: { get: () => this.#top, set: (top: number) => this.#to(top) },
      // On its way, and not there yet.
      scrollTo: { value: () => this.#to(this.#top + 1) },
    })
    this.reader.watch(scroller, rows)
    this.reader.toBottom(false)
  }

  get atEnd(): boolean {
    return this.#top === this.#height - SEEN
  }

  /** Another height, which the browser tells the reader of: before the next paint, or after a scrolling is told. */
  becomes(height: number, told: 'told' | 'untold'): void {
    this.#height = height
    this.#to(this.#top)
    if (told === 'told') this.reader.restore()
  }

  goes(by: number): void {
    this.#to(this.#top + by)
    this.reader.scrolled()
  }

  #to(top: number): void {
    this.#top = Math.min(Math.max(0, top), this.#height - SEEN)
  }
}

test('whoever is at the bottom stays there, whatever grows or shrinks', () => {
  const list = new Scrolled()
  for (const height of [1400, 900, 2000]) {
    list.becomes(height, 'told')
    list.goes(0)
    expect(list.atEnd).toBe(true)
    expect(list.reader.atBottom).toBe(true)
  }
})

test('whoever goes up is left where they are, and comes back by going down', () => {
  const list = new Scrolled()
  list.goes(-200)
  expect(list.reader.atBottom).toBe(false)
  list.becomes(1300, 'told')
  expect(list.atEnd).toBe(false)
  list.goes(480)
  expect(list.reader.atBottom).toBe(true)
})

test('a list that was shorter for a moment has not been left', () => {
  const list = new Scrolled()
  list.becomes(900, 'untold')
  list.becomes(1200, 'untold')
  list.goes(0)
  expect(list.reader.atBottom).toBe(true)
  list.reader.restore()
  expect(list.atEnd).toBe(true)
})

test('a message that comes during the jump to the newest is followed', () => {
  const list = new Scrolled()
  list.goes(-300)
  list.reader.toBottom(true)
  list.goes(50)
  list.becomes(1200, 'told')
  expect(list.atEnd).toBe(true)
})

test('whoever goes up during the jump has changed their mind', () => {
  const list = new Scrolled()
  list.goes(-300)
  list.reader.toBottom(true)
  list.goes(50)
  list.goes(-100)
  expect(list.reader.atBottom).toBe(false)
})
