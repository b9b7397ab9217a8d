import type { ServerErrorCode } from './contract/errors.ts'

export type { ServerErrorCode }

/** What only the client can know: no way to the server, or no answer in time. */
export type ClientErrorCode = 'offline' | 'timeout'

export type ErrorCode = ServerErrorCode | ClientErrorCode

export interface ErrorDetails {
  code: ErrorCode
  message: string
  /** Of `invalid`: field name → what is wrong with it. */
  fields?: Record<string, string> | null | undefined
  /** Of `rate_limited` and `unavailable`: seconds. */
  retryAfter?: number | null | undefined
  /** Of `wrong_offset`: the right one. */
  offset?: number | null | undefined
  /** HTTP status, when the answer came by REST. */
  status?: number | null | undefined
  cause?: unknown
}

/** Every refusal and every failure of the client is one of these. */
export class CrosstalkError extends Error {
  override readonly name = 'CrosstalkError'
  readonly code: ErrorCode
  readonly fields: Readonly<Record<string, string>>
  readonly retryAfter: number | null
  readonly offset: number | null
  readonly status: number | null

  constructor(details: ErrorDetails) {
    super(details.message, { cause: details.cause })
    this.code = details.code
    this.fields = details.fields ?? {}
    this.retryAfter = details.retryAfter ?? null
    this.offset = details.offset ?? null
    this.status = details.status ?? null
  }

  /** Whether the same request may succeed later, without anybody changing anything. */
  get passing(): boolean {
    return PASSING.has(this.code)
  }
}

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'offline',
  'timeout',
  'unavailable',
  'rate_limited',
  'token_expired',
])

const OFFLINE = 'The server cannot be reached.'
const TIMEOUT = 'The server did not answer in time.'

export function offline(cause?: unknown): CrosstalkError {
  return new CrosstalkError({ code: 'offline', message: OFFLINE, cause })
}

export function timedOut(): CrosstalkError {
  return new CrosstalkError({ code: 'timeout', message: TIMEOUT })
}

interface WireError {
  code: ErrorCode
  message?: string
  detail?: string
  title?: string
  fields?: Record<string, string> | null
  retry_after?: number | null
  offset?: number | null
}

function isWireError(body: unknown): body is WireError {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string'
}

/** Reads the error of an ack, of a `connect_error` and of problem details: all three carry the same words. */
export function errorOf(body: unknown, status?: number): CrosstalkError {
  if (!isWireError(body)) {
    // A proxy answered, not Crosstalk: the status is all there is.
    const code =
      status === undefined || status >= 500 ? 'unavailable' : status === 429 ? 'rate_limited' : 'internal'
    return new CrosstalkError({
      code,
      message: `The server answered with status ${status ?? 'unknown'}.`,
      status,
    })
  }
  return new CrosstalkError({
    code: body.code,
    message: body.message ?? body.detail ?? body.title ?? body.code,
    fields: body.fields,
    retryAfter: body.retry_after,
    offset: body.offset,
    status,
  })
}

/** Anything thrown, as a CrosstalkError: what is none is a fault of the way, or of this program. */
export function asCrosstalkError(thrown: unknown): CrosstalkError {
  if (thrown instanceof CrosstalkError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new CrosstalkError({ code: 'internal', message, cause: thrown })
}

/**
 * For what nobody waits for and what is done again by itself, such as a typing notice or a refresh after a
 * reconnect: a refusal or a dead network is no news. A fault of this program still surfaces.
 */
export function bestEffort(work: Promise<unknown>): void {
  work.catch((thrown: unknown) => {
    if (!(thrown instanceof CrosstalkError)) throw thrown
  })
}
