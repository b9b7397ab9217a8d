/** How somebody writes the arguments of an event. */
export const kinds = ['json', 'text', 'hex', 'base64', 'file'] as const
export type Kind = (typeof kinds)[number]

export type Parsed =
  | { readonly ok: true; readonly args: readonly unknown[] }
  | { readonly ok: false; readonly fault: Exclude<Kind, 'text'>; readonly detail: string }

/** JSON: a list is the arguments one by one, anything else is one argument, nothing is none. */
export function parseArguments(kind: Exclude<Kind, 'file'>, written: string): Parsed {
  switch (kind) {
    case 'json':
      return parseJson(written)
    case 'text':
      return { ok: true, args: [written] }
    case 'hex':
      return parseHex(written)
    case 'base64':
      return parseBase64(written)
  }
}

function parseJson(written: string): Parsed {
  if (written.trim() === '') return { ok: true, args: [] }
  try {
    const value: unknown = JSON.parse(written)
    return { ok: true, args: Array.isArray(value) ? value : [value] }
  } catch (fault) {
    return { ok: false, fault: 'json', detail: fault instanceof Error ? fault.message : String(fault) }
  }
}

/** Pairs of digits; blanks, colons, commas and a 0x before a pair are how people copy them. */
function parseHex(written: string): Parsed {
  const digits = written.replace(/\b0x/gi, '').replace(/[\s:,]+/g, '')
  const stranger = /[^0-9a-f]/i.exec(digits)
  if (stranger) return { ok: false, fault: 'hex', detail: stranger[0] }
  if (digits.length % 2 === 1) return { ok: false, fault: 'hex', detail: String(digits.length) }
  const pairs = digits.match(/../g) ?? []
  return { ok: true, args: [Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))] }
}

/** The alphabet of files and that of addresses, with and without padding. */
function parseBase64(written: string): Parsed {
  const text = written.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/')
  try {
    return { ok: true, args: [Uint8Array.from(atob(text), (character) => character.charCodeAt(0))] }
  } catch (fault) {
    return { ok: false, fault: 'base64', detail: fault instanceof Error ? fault.message : String(fault) }
  }
}

/** Names that Socket.IO keeps for itself: no client may emit them. */
export const reserved: ReadonlySet<string> = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
])
