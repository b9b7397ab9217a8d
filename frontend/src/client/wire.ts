import type { Change } from './contract/schemas.ts'
import type { ClientToServerEvents, ServerToClientEvents } from './contract/events.ts'

/** Types read off the contract: what a command takes and answers, what an event carries. */
export type CommandName = keyof ClientToServerEvents
export type CommandInput<C extends CommandName> = Parameters<ClientToServerEvents[C]>[0]
type Answer<C extends CommandName> =
  Parameters<ClientToServerEvents[C]> extends [unknown, (answer: infer A) => void] ? A : never
type DataOf<A> = A extends { ok: true; data: infer D } ? D : never
export type CommandResult<C extends CommandName> = DataOf<Answer<C>>

export type EventName = keyof ServerToClientEvents
export type EventPayload<E extends EventName> = Parameters<ServerToClientEvents[E]>[0]

/** Commands as the rest of the client sees them. */
export interface Commands {
  command<C extends CommandName>(name: C, input: CommandInput<C>): Promise<CommandResult<C>>
}

/** The durable changes of a room, by the names of their events. */
export const LOG_EVENTS = [
  'message:created',
  'message:edited',
  'message:deleted',
  'stream:opened',
  'stream:ended',
  'member:joined',
  'member:left',
  'member:changed',
] as const satisfies readonly Change['event'][]

export type ContentType = NonNullable<CommandInput<'stream:open'>['content_type']>
