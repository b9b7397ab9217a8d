export interface PauseBounds {
  firstMs: number
  mostMs: number
}

/**
 * How long to wait before trying again, after `failures` failures in a row: doubling up to a bound, and jittered
 * over the upper half, so that the clients of a server that died do not all come back at one instant.
 */
export function pauseMs(failures: number, random: () => number, { firstMs, mostMs }: PauseBounds): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.max(0, failures - 1))
  return Math.round(full / 2 + (full / 2) * random())
}
