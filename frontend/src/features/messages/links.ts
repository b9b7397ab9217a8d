export interface Piece {
  readonly text: string
  readonly href?: string
}

/**
 * The longest address that becomes a link. Browsers take more, and no address that a person sends is longer; each candidate
 * costs a URL parser, so this also bounds what a message full of them costs.
 */
export const LONGEST = 2_000

/** The characters of an address: neither blanks, quotation marks, nor the punctuation of Chinese and Japanese sentences. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'“”‘’「」『』（）【】《》〈〉。，、；：？！…\u0000-\u0020]+/giu

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
const STOPS = '.,;:!?*_~'

/** Text in pieces, of which some are links: http(s) only, and only what a URL parser takes. Linear in the length. */
export function linked(text: string): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutPunctuation(match[0])
    const href = webAddress(address)
    if (href === null) continue
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) })
    pieces.push({ text: address, href })
    end = match.index + address.length
  }
  if (end < text.length) pieces.push({ text: text.slice(end) })
  return pieces
}

/** The length of the address at the start of a text, 0 when it does not begin with one. */
export function addressLength(text: string): number {
  const match = ADDRESS_AT_START.exec(text)
  return match ? withoutPunctuation(match[0]).length : 0
}

const ADDRESS_AT_START = new RegExp(`^${ADDRESS.source.slice(2)}`, 'iu')

/**
 * Without the punctuation of the sentence around it: stops at its end, and closing brackets that have no opening bracket in
 * the address. Brackets are counted once, from the start.
 */
function withoutPunctuation(address: string): string {
  const surplus: Record<string, number> = { ')': 0, ']': 0, '}': 0 }
  for (const letter of address) {
    if (letter in surplus) surplus[letter] = (surplus[letter] ?? 0) + 1
    else
      for (const [closing, opening] of Object.entries(PAIRS))
        if (letter === opening) surplus[closing] = (surplus[closing] ?? 0) - 1
  }
  let end = address.length
  for (; end > 0; end--) {
    const last = address.charAt(end - 1)
    if (STOPS.includes(last)) continue
    if ((surplus[last] ?? 0) <= 0) break
    surplus[last] = (surplus[last] ?? 0) - 1
  }
  return address.slice(0, end)
}

/** The address as a URL parser writes it, or null when it is none of the web. */
export function webAddress(address: string): string | null {
  if (address.length > LONGEST) return null
  try {
    const url = new URL(address)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null
  } catch {
    // `URL.canParse` is missing in browsers that are still in use.
    return null
  }
}
