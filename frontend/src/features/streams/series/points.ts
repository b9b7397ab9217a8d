import { readingOf, type X } from './readings'

/** More lines than these nobody can tell apart. */
export const LINES_AT_MOST = 6
const DECIMALS_AT_MOST = 4

export interface Line {
  readonly name: string
  /** One for each point; null where an item does not say it. */
  readonly values: (number | null)[]
  /** How exact its values are, and between what they are. */
  decimals: number
  low: number
  high: number
}

/** What the points are drawn over: the time or the number that the items say, or else how many came before. */
export type Over = X['kind'] | 'items'

/** The points of a series, from items that only come on. */
export class Points {
  readonly lines: Line[] = []
  /** How many names have no line, because there are too many. */
  left = 0
  #over: Over | null = null
  #said: number[] = []
  readonly #items: number[] = []
  readonly #names = new Set<string>()
  #seen = 0

  get over(): Over {
    return this.#over ?? 'items'
  }

  get length(): number {
    return this.#items.length
  }

  /** Where each point is. */
  get xs(): number[] {
    return this.over === 'items' ? this.#items : this.#said
  }

  /** The array of a stream's items has grown. */
  reached(items: readonly unknown[], end = items.length): void {
    for (; this.#seen < end; this.#seen++) this.#take(items[this.#seen], this.#seen + 1)
  }

  /** How many points there are in the first so many items. */
  within(items: number): number {
    let [low, high] = [0, this.#items.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#items[middle] ?? 0) <= items) low = middle + 1
      else high = middle
    }
    return low
  }

  #take(item: unknown, number: number): void {
    const reading = readingOf(item)
    if (reading === null) return
    this.#place(reading.x)
    this.#items.push(number)
    for (const name of reading.values.keys()) this.#know(name)
    for (const line of this.lines) {
      const value = reading.values.get(line.name) ?? null
      line.values.push(value)
      if (value === null) continue
      line.decimals = Math.max(line.decimals, decimalsOf(value))
      line.low = Math.min(line.low, value)
      line.high = Math.max(line.high, value)
    }
  }

  /** Points stand in the order in which they came: where what they say runs another way, they are counted instead. */
  #place(x: X | null): void {
    const first = this.#items.length === 0
    if (first) this.#over = x?.kind ?? 'items'
    if (this.#over === 'items') return
    const last = this.#said.at(-1) ?? -Infinity
    const at = x === null ? null : apart(x.at)
    if (at === null || x?.kind !== this.#over || at < last) {
      this.#over = 'items'
      this.#said = []
    } else {
      this.#said.push(at)
    }
  }

  #know(name: string): void {
    if (this.#names.has(name)) return
    this.#names.add(name)
    if (this.lines.length === LINES_AT_MOST) {
      this.left += 1
      return
    }
    const values = Array<null>(this.#items.length - 1).fill(null)
    this.lines.push({ name, values, decimals: 0, low: Infinity, high: -Infinity })
  }
}

/** uPlot draws nothing of an x axis that is shorter than 1e-16 but not empty. From 1 on, two doubles are never so near. */
const apart = (at: number) => (Math.abs(at) < 1 ? Math.round(at * 1e15) / 1e15 : at)

function decimalsOf(value: number): number {
  const [digits = '', exponent = '0'] = value.toString().split('e')
  const after = (digits.split('.')[1]?.length ?? 0) - Number(exponent)
  return Math.min(DECIMALS_AT_MOST, Math.max(0, after))
}
