/** What an item of a series says as numbers. */
export interface Reading {
  /** When or where, in the item's own words; null when it says nothing about that. */
  readonly x: X | null
  /** The numbers by their names; the only number of an item without names is its `value`. */
  readonly values: ReadonlyMap<string, number>
}

export interface X {
  readonly kind: 'time' | 'number'
  /** Milliseconds since 1970, or the number itself. */
  readonly at: number
}

/** The last millisecond that a Date can hold (ECMAScript, "Time Values and Time Range"). */
export const LATEST = 8.64e15
const TIME_FIELDS = ['at', 'time', 't']
/** Before a series says anything, it is not known what it is. */
export type Kind = 'plot' | 'log'

/** The numbers of an item, or null when it has none: then it is something to read. */
export function readingOf(item: unknown): Reading | null {
  if (isNumber(item)) return { x: null, values: new Map([['value', item]]) }
  if (!isObject(item)) return null
  const time = timeFieldOf(item)
  const values = new Map<string, number>()
  for (const [name, value] of Object.entries(item)) {
    if (name !== time && isNumber(value)) values.set(name, value)
  }
  if (values.size === 0) return null
  return { x: time === null ? null : xOf(item[time]), values }
}

/** The first item that says anything decides: numbers are plotted, everything else is a log. */
export function kindOf(items: readonly unknown[]): Kind | null {
  for (const item of items) {
    if (readingOf(item)) return 'plot'
    if (!isSilent(item)) return 'log'
  }
  return null
}

/** When an item was, if it says so: for the table and the log. */
export function timeOf(item: unknown): Date | null {
  if (!isObject(item)) return null
  const field = timeFieldOf(item)
  const x = field === null ? null : xOf(item[field])
  return x?.kind === 'time' ? new Date(x.at) : null
}

/** An item as text: without its time, which stands beside it, and a string or a single text as it is. */
export function textOf(item: unknown): string {
  if (typeof item === 'string') return item
  if (!isObject(item) || timeOf(item) === null) return JSON.stringify(item)
  const time = timeFieldOf(item)
  const rest = Object.fromEntries(Object.entries(item).filter(([name]) => name !== time))
  const [only, another] = Object.values(rest)
  return another === undefined && typeof only === 'string' ? only : JSON.stringify(rest)
}

/** A sensor that has nothing to say yet. */
function isSilent(item: unknown): boolean {
  if (!isObject(item)) return item === null
  const time = timeFieldOf(item)
  return Object.entries(item).every(([name, value]) => name === time || value === null)
}

function timeFieldOf(item: Record<string, unknown>): string | null {
  return TIME_FIELDS.find((name) => xOf(item[name]) !== null) ?? null
}

function xOf(value: unknown): X | null {
  if (typeof value === 'string') {
    // Only what begins like a date of ISO 8601: Date.parse takes almost anything for one.
    const at = /^\d{4}-\d\d/u.test(value) ? Date.parse(value) : NaN
    return Number.isNaN(at) ? null : { kind: 'time', at }
  }
  if (!isNumber(value)) return null
  if (value > LATEST) return { kind: 'number', at: value }
  if (value >= 1e11) return { kind: 'time', at: value }
  return value >= 1e9 ? { kind: 'time', at: value * 1000 } : { kind: 'number', at: value }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
