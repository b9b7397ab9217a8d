/** The Crosstalk client: no framework, no DOM. `surface.ts` is the whole of it, with words. */
export { createClient } from './client.ts'
export { CrosstalkError, type ClientErrorCode, type ErrorCode, type ServerErrorCode } from './errors.ts'
export { type Observable, type Unsubscribe, until } from './observable.ts'
export { memoryOutboxStore, type OutboxEntry, type OutboxStore } from './outbox-store.ts'
export { indexedDbOutboxStore } from './outbox-idb.ts'
export { memoryTokenStore, type StoredSession, type TokenStore } from './tokens.ts'
export type * from './surface.ts'
export type {
  Invitation,
  Invite,
  LastMessage,
  Member,
  Message,
  Room as RoomResource,
  StreamPart,
  StreamReceipt,
  TextSource,
  User,
} from './contract/schemas.ts'
export type { ContentType } from './wire.ts'
