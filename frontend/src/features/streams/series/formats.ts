import { language } from '../../../i18n/language.svelte'
import type { Line, Over } from './points'
import { LATEST } from './readings'

const made = new Map<string, unknown>()

function kept<T>(name: string, make: (locale: string) => T): T {
  const key = `${language.locale} ${name}`
  let formatter = made.get(key) as T | undefined
  if (!formatter) made.set(key, (formatter = make(language.locale)))
  return formatter
}

/** A value as exact as the others of its line, so that they stand below each other. */
export function exact(value: number, decimals: number): string {
  const format = kept(
    `exact ${String(decimals)}`,
    (l) => new Intl.NumberFormat(l, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
  )
  return format.format(value)
}

/** The last value of a line among its first so many points. */
export function lastOf(line: Line, points: number): number | null {
  for (let i = points - 1; i >= 0; i--) {
    const value = line.values[i]
    if (value !== null && value !== undefined) return value
  }
  return null
}

/** A number with as many digits as it has. */
export const plain = (value: number) =>
  kept('plain', (l) => new Intl.NumberFormat(l, { maximumFractionDigits: 6 })).format(value)

/** To the millisecond: a name for what happens more than once a second. */
export const fineClock = (when: Date) =>
  kept(
    'fine',
    (l) =>
      new Intl.DateTimeFormat(l, {
        hour: 'numeric',
        minute: '2-digit',
        second: '2-digit',
        fractionalSecondDigits: 3,
      }),
  ).format(when)

const compact = (value: number) =>
  kept('compact', (l) => new Intl.NumberFormat(l, { notation: 'compact' })).format(value)

/** The marks of an axis of numbers. */
export function marks(values: readonly number[]): string[] {
  const large = values.some((value) => Math.abs(value) >= 100_000)
  return values.map(large ? compact : plain)
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE

/** The marks of the x axis, as exact as the step from one to the next asks for. */
export function placeMarks(values: readonly number[], over: Over, step: number): string[] {
  if (over !== 'time') return marks(values)
  const style: [string, Intl.DateTimeFormatOptions] =
    step < SECOND
      ? ['fraction', { minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 }]
      : step < MINUTE
        ? ['second', { timeStyle: 'medium' }]
        : step < DAY
          ? ['minute', { timeStyle: 'short' }]
          : ['day', { day: 'numeric', month: 'short' }]
  const format = kept(`axis ${style[0]}`, (l) => new Intl.DateTimeFormat(l, style[1]))
  // An axis may reach beyond its last point, and a mark there beyond what a date can be.
  return values.map((value) => (Math.abs(value) <= LATEST ? format.format(value) : ''))
}
