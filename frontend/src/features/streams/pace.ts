/** The bounds of the wire, in ms a character. */
export const SLOWEST = 5000
export const FASTEST = 5

export type PaceWord = 'typewriter' | 'hand' | 'brisk' | 'quick' | 'rush'

/** The slider runs from 0 (slowest) to 100 (fastest); each step is the same ratio, as a hand and an eye expect. */
export function paceAt(position: number): number {
  const exact = SLOWEST * (FASTEST / SLOWEST) ** (position / 100)
  const step = exact < 50 ? 1 : exact < 500 ? 10 : 100
  return Math.min(SLOWEST, Math.max(FASTEST, Math.round(exact / step) * step))
}

export function positionOf(pace: number): number {
  return Math.round((Math.log(pace / SLOWEST) / Math.log(FASTEST / SLOWEST)) * 100)
}

export function wordFor(pace: number): PaceWord {
  if (pace >= 600) return 'typewriter'
  if (pace >= 150) return 'hand'
  if (pace >= 50) return 'brisk'
  if (pace >= 15) return 'quick'
  return 'rush'
}

/** How long a text takes, in seconds. One code point is written at a time. */
export function secondsFor(text: string, pace: number): number {
  let points = 0
  for (const _ of text) points++
  return (points * pace) / 1000
}
