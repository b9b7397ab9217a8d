import type { ConnectionState } from '../../client'

/** How the connection looks to a person: well, on its way, or not there. */
export type Mood = 'well' | 'busy' | 'bad'

export function moodOf(connection: ConnectionState, behind: number): Mood {
  if (connection.phase === 'online') return behind > 0 ? 'busy' : 'well'
  return connection.phase === 'connecting' && connection.attempt === 0 ? 'busy' : 'bad'
}

export function secondsUntil(moment: number, now: number): number {
  return Math.max(0, Math.ceil((moment - now) / 1000))
}
