import { language } from './language.svelte'
import { spaced } from './spacing'

const made = new Map<string, unknown>()

/** Intl's formatters are dear to make and cheap to keep. */
function kept<T>(name: string, make: (locale: string) => T): T {
  const key = `${language.locale} ${name}`
  let formatter = made.get(key) as T | undefined
  if (!formatter) made.set(key, (formatter = make(language.locale)))
  return formatter
}

export const clock = (when: Date) =>
  kept('clock', (l) => new Intl.DateTimeFormat(l, { hour: 'numeric', minute: '2-digit' })).format(when)

/** The same without a.m. and p.m., where there is little room. */
export const shortClock = (when: Date) =>
  kept('clock', (l) => new Intl.DateTimeFormat(l, { hour: 'numeric', minute: '2-digit' }))
    .formatToParts(when)
    .filter(({ type }) => type !== 'dayPeriod')
    .map(({ value }) => value)
    .join('')
    .trim()

/** When something was, as short as a list has room for: the time of today, a day of this week, or a date. */
export function listMoment(when: Date, now = new Date()): string {
  const distance = Math.round((midnight(now) - midnight(when)) / 86_400_000)
  if (distance <= 0) return clock(when)
  if (distance < 7)
    return kept('weekday', (l) => new Intl.DateTimeFormat(l, { weekday: 'short' })).format(when)
  return kept('date', (l) => new Intl.DateTimeFormat(l, { day: 'numeric', month: 'short' })).format(when)
}

/** To the second: a name for what happens often. */
export const exactClock = (when: Date) =>
  kept('exact', (l) => new Intl.DateTimeFormat(l, { timeStyle: 'medium' })).format(when)

export const longMoment = (when: Date) =>
  kept('moment', (l) => new Intl.DateTimeFormat(l, { dateStyle: 'full', timeStyle: 'medium' })).format(when)

export const shortMoment = (when: Date) =>
  kept('short', (l) => new Intl.DateTimeFormat(l, { dateStyle: 'long', timeStyle: 'short' })).format(when)

export const count = (n: number) => kept('count', (l) => new Intl.NumberFormat(l)).format(n)

export function list(names: readonly string[]): string {
  const lists = kept('list', (l) => new Intl.ListFormat(l, { style: 'long', type: 'conjunction' }))
  return spaced(...lists.formatToParts(names).map((part) => part.value))
}

/** "Today", "Yesterday", "Wednesday, 4 November", and the year only when it is another one. */
export function day(when: Date, now = new Date()): string {
  const distance = Math.round((midnight(now) - midnight(when)) / 86_400_000)
  if (distance === 0) return language.t.timeline.today
  if (distance === 1) return language.t.timeline.yesterday
  const year = when.getFullYear() !== now.getFullYear()
  return kept(
    `day ${String(year)}`,
    (l) =>
      new Intl.DateTimeFormat(l, {
        weekday: 'long',
        day: 'numeric',
        month: 'long',
        ...(year ? { year: 'numeric' } : {}),
      }),
  ).format(when)
}

export function duration(seconds: number): string {
  const unit = seconds < 90 ? 'second' : seconds < 5400 ? 'minute' : 'hour'
  const value = seconds / { second: 1, minute: 60, hour: 3600 }[unit]
  const lengths = kept(
    `duration ${unit}`,
    (l) => new Intl.NumberFormat(l, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }),
  )
  return spaced(...lengths.formatToParts(Math.max(1, value)).map((part) => part.value))
}

const midnight = (when: Date) => new Date(when.getFullYear(), when.getMonth(), when.getDate()).getTime()
