import { bytesOf, hexOf, isRecord } from './rows/values.ts'

/** Nobody reads more than this of one argument; a log that keeps it all would fill the memory. */
const KEPT_TEXT = 20_000
const KEPT_BYTES = 2_000
const KEPT = 40_000

/** Arguments as JSON, bytes as `{"$bytes": n, "hex": …}`; of what is too long, the beginning. */
export function jsonOf(args: readonly unknown[]): string {
  const json = JSON.stringify(args.map(plain))
  return json.length <= KEPT ? json : JSON.stringify([{ $cut: json.slice(0, KEPT), length: json.length }])
}

/** The same over several lines, one argument after the other. */
export function inFull(args: readonly unknown[]): string {
  return args.map((one) => cut(JSON.stringify(plain(one), null, 2) ?? 'undefined')).join('\n')
}

function plain(value: unknown): unknown {
  const bytes = bytesOf(value)
  if (bytes) return { $bytes: bytes.length, hex: hexOf(bytes.subarray(0, KEPT_BYTES)) }
  if (typeof value === 'string') return cut(value)
  if (Array.isArray(value)) return value.map(plain)
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
  return value
}

function cut(text: string): string {
  return text.length <= KEPT_TEXT ? text : `${text.slice(0, KEPT_TEXT)}… (${String(text.length)})`
}
