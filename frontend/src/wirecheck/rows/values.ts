/** Values as they come over the wire: compared by what they are, and shown so that a line holds them. */

const LINE = 400
const TEXT = 60
const BYTES = 12

/** Stands in an expectation for what cannot be known before. */
export class Fitting {
  constructor(
    readonly description: string,
    readonly accepts: (value: unknown) => boolean,
  ) {}
}

export const someText = new Fitting('a text', (value) => typeof value === 'string' && value !== '')
export const anything = new Fitting('anything', () => true)

export function atLeast(least: number, unit = ''): Fitting {
  return new Fitting(`≥ ${String(least)}${unit}`, (value) => typeof value === 'number' && value >= least)
}

export function having(members: readonly unknown[]): Fitting {
  const fits = (value: unknown) =>
    Array.isArray(value) && members.every((member) => value.some((one) => fitting(member, one)))
  return new Fitting(`a list with ${members.map(shown).join(', ')}`, fits)
}

/** Whether what came is what was expected. Bytes are bytes, in whatever kind of array. */
export function fitting(expected: unknown, came: unknown): boolean {
  if (expected instanceof Fitting) return expected.accepts(came)
  const [left, right] = [bytesOf(expected), bytesOf(came)]
  if (left || right) return left !== null && right !== null && sameBytes(left, right)
  if (Array.isArray(expected)) {
    return (
      Array.isArray(came) &&
      came.length === expected.length &&
      expected.every((one, index) => fitting(one, came[index]))
    )
  }
  if (isRecord(expected)) {
    if (!isRecord(came)) return false
    const names = new Set([...Object.keys(expected), ...Object.keys(came)])
    return [...names].every((name) => name in expected && name in came && fitting(expected[name], came[name]))
  }
  return Object.is(expected, came)
}

/** The fields of an object that are named; of what is none, the thing itself. */
export function pick(value: unknown, ...names: readonly string[]): unknown {
  if (!isRecord(value)) return value
  return Object.fromEntries(names.filter((name) => name in value).map((name) => [name, value[name]]))
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && bytesOf(value) === null
}

export function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return null
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** One line for a person. Long texts and bytes are told by their beginning and their size. */
export function shown(value: unknown): string {
  const line = written(value)
  return line.length > LINE ? `${line.slice(0, LINE - 1)}…` : line
}

function written(value: unknown): string {
  if (value instanceof Fitting) return `‹${value.description}›`
  const bytes = bytesOf(value)
  if (bytes) {
    const some = hexOf(bytes.subarray(0, BYTES))
    return `<${String(bytes.length)} bytes${some && ` ${some}`}${bytes.length > BYTES ? '…' : ''}>`
  }
  if (typeof value === 'string') {
    if (value.length <= TEXT) return JSON.stringify(value)
    return `${JSON.stringify(value.slice(0, TEXT / 2))}… (${String(value.length)} units)`
  }
  if (Array.isArray(value)) {
    return `[${value.map(written).join(', ')}]`
  }
  if (isRecord(value)) {
    const fields = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${written(one)}`)
    return `{${fields.join(', ')}}`
  }
  return JSON.stringify(value) ?? String(value)
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
