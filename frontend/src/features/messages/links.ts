export type Piece = { readonly text: string; readonly href?: string }

/** What may stand in an address. Brackets and stops at its end mostly belong to the sentence: see `trimmed`. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'“”‘’「」『』（）。，、；：？！\u0000-\u0020]+/giu

/** Text in pieces, of which some are links: http(s) only, and only what a URL parser takes. */
export function linked(text: string): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0])
    const href = parsed(address)
    if (!href) continue
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) })
    pieces.push({ text: address, href })
    end = match.index + address.length
  }
  if (end < text.length) pieces.push({ text: text.slice(end) })
  return pieces
}

/** Without the stop after it, and without a bracket that was opened before it. */
function trimmed(address: string): string {
  let end = address.length
  for (;;) {
    const last = address[end - 1] ?? ''
    const opening = { ')': '(', ']': '[', '}': '{' }[last]
    if (opening) {
      const part = address.slice(0, end)
      if (part.split(opening).length >= part.split(last).length) break
    } else if (!'.,;:!?*_~'.includes(last)) break
    end--
  }
  return address.slice(0, end)
}

function parsed(address: string): string | null {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null
}
