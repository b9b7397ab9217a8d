import type { Lock } from './surface.ts'

/** For a client without other tabs: one after the other by name, within this object. */
export function localLock(): Lock {
  const tails = new Map<string, Promise<unknown>>()
  return <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(name) ?? Promise.resolve()
    const turn = before.then(work, work)
    tails.set(name, turn)
    return turn
  }
}
