import { connection } from './connection.ts'
import { events } from './events.ts'
import { limits } from './limits.ts'
import { payloads } from './payloads.ts'
import { rest, restAlone } from './rest.ts'
import { rooms } from './rooms.ts'
import type { Checks, Row } from './row.ts'
import { streams } from './streams.ts'
import { namespaces, type Namespace } from './wire.ts'

export { run, type Outcome, type Row } from './row.ts'
export { namespaces, transports, Wire, type Namespace, type Target, type Transport } from './wire.ts'

/** The order in which people read them. */
export const groups = ['connection', 'events', 'rooms', 'streams', 'payloads', 'rest', 'limits'] as const
export type Group = (typeof groups)[number]

export type RowName =
  | keyof typeof connection
  | keyof typeof events
  | keyof typeof rooms
  | keyof typeof streams
  | keyof typeof payloads
  | keyof typeof rest
  | keyof typeof restAlone
  | keyof typeof limits

type NamedRow = Row<RowName> & { readonly group: Group }

function rowsOf<C extends Checks>(
  group: Group,
  checks: C,
  where: readonly Namespace[] = namespaces,
): NamedRow[] {
  return Object.entries(checks).flatMap(([name, check]) =>
    where.map((namespace) => ({
      id: `${namespace} ${name}`,
      name: name as RowName,
      group,
      namespace,
      slow: false,
      check,
    })),
  )
}

/** Every row of the wire check, in both namespaces where there are two. */
export const rows: readonly NamedRow[] = [
  ...rowsOf('connection', connection),
  ...rowsOf('events', events),
  ...rowsOf('rooms', rooms),
  ...rowsOf('streams', streams),
  ...rowsOf('payloads', payloads),
  ...rowsOf('rest', rest),
  ...rowsOf('rest', restAlone, ['/']).map((row) => ({ ...row, id: row.name, namespace: null })),
  ...rowsOf('limits', limits).map((row) => ({ ...row, slow: true })),
]

/** Whether nobody gets in, so that every further row would only wait for its time to run out. */
export function isHopeless(failed: readonly string[]): boolean {
  return rows.filter(({ name }) => name === 'connects').every(({ id }) => failed.includes(id))
}
