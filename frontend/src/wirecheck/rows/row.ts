import { Missing } from './peer.ts'
import { fitting, shown } from './values.ts'
import type { Namespace, Wire } from './wire.ts'

/** What is expected, known before anything is waited for; and how to find out what comes. */
export interface Attempt {
  readonly expected: unknown
  readonly came: () => Promise<unknown>
}

export type Check = (wire: Wire, namespace: Namespace) => Promise<Attempt>
export type Checks = Readonly<Record<string, Check>>

export interface Row<Name extends string = string> {
  /** Names it for good: in links, in logs, in a terminal. */
  readonly id: string
  readonly name: Name
  readonly group: string
  /** Where it happens; null where a namespace plays no part. */
  readonly namespace: Namespace | null
  /** Takes seconds, and is only run when asked for. */
  readonly slow: boolean
  readonly check: Check
}

export interface Outcome {
  readonly row: string
  readonly ok: boolean
  readonly expected: string
  readonly came: string
  readonly ms: number
}

/** Runs one row. What goes wrong is its outcome; it never throws. */
export async function run(row: Row, wire: Wire): Promise<Outcome> {
  const began = performance.now()
  let expected: unknown = undefined
  const outcome = (ok: boolean, came: string): Outcome => ({
    row: row.id,
    ok,
    expected: expected === undefined ? 'a connection' : shown(expected),
    came,
    ms: Math.round((performance.now() - began) * 10) / 10,
  })
  wire.clear()
  try {
    const attempt = await row.check(wire, row.namespace ?? '/')
    expected = attempt.expected
    const came = await attempt.came()
    return outcome(fitting(expected, came), shown(came))
  } catch (failure) {
    if (failure instanceof Missing) return outcome(false, failure.message)
    return outcome(false, failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure))
  } finally {
    wire.clear()
  }
}
