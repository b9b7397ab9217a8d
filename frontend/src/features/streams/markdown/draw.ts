import type { MarkedToken, Token, Tokens } from 'marked'

/** Nesting of lists and quotations; deeper ones are shown as they were written. */
const DEEPEST = 24
const LONGEST_ADDRESS = 2_000

/**
 * Tokens as elements. Nothing here reads HTML: elements are made by the names below, all the rest are text nodes,
 * and the only attribute that comes from outside is an address that was looked at.
 */
export function draw(tokens: readonly Token[], depth = 0): Node[] {
  return (tokens as readonly MarkedToken[]).flatMap((token) => drawn(token, depth + 1))
}

/** Puts a block in place of what is in the box: as elements, or as it was written while it is not parsed. */
export function drawInto(box: HTMLElement, block: { source: string; tokens: readonly Token[] | null }): void {
  const nodes = block.tokens ? draw(block.tokens) : [element('p', [text(block.source.trimEnd())], 'as-is')]
  box.replaceChildren()
  // One by one: a call with a hundred thousand arguments fails.
  for (const node of nodes) box.append(node)
}

function drawn(token: MarkedToken, depth: number): Node | Node[] {
  if (depth > DEEPEST) return text(token.raw)
  switch (token.type) {
    case 'space':
    case 'def':
      return []
    case 'paragraph':
      return element('p', draw(token.tokens, depth))
    case 'heading':
      // One level for all: where a text stands, the levels above are not its own.
      return element('h3', draw(token.tokens, depth), `level-${token.depth}`)
    case 'blockquote':
      return element('blockquote', draw(token.tokens, depth))
    case 'list':
      return list(token, depth)
    case 'code':
      return element('pre', [element('code', [text(`${token.text}\n`)])])
    case 'table':
      return table(token)
    case 'hr':
    case 'br':
      return element(token.type)
    case 'strong':
    case 'em':
    case 'del':
      return element(token.type, draw(token.tokens, depth))
    case 'codespan':
      return element('code', [text(token.text)])
    case 'link':
      return link(token.href, draw(token.tokens, depth))
    case 'image':
      // A picture would tell another host who reads here: it is offered, not fetched.
      return link(token.href, [text(token.text || token.href)])
    case 'html':
      return /^<br\s*\/?>$/i.test(token.text.trim())
        ? element('br')
        : token.block
          ? element('p', [text(token.text.trimEnd())], 'as-is')
          : text(token.text)
    case 'checkbox':
      return text(token.checked ? '☑ ' : '☐ ')
    case 'text':
      return 'tokens' in token && token.tokens ? draw(token.tokens, depth) : text(unescaped(token.text))
    case 'escape':
      return text(token.text)
    default:
      return text(token.raw)
  }
}

function list(token: Tokens.List, depth: number): Node {
  const box = element(
    token.ordered ? 'ol' : 'ul',
    token.items.map((item) => element('li', draw(item.tokens, depth))),
  )
  if (typeof token.start === 'number' && token.start !== 1) box.setAttribute('start', String(token.start))
  return box
}

function table(token: Tokens.Table): Node {
  const row = (cells: readonly Tokens.TableCell[], name: 'th' | 'td') =>
    element(
      'tr',
      cells.map((cell) => element(name, draw(cell.tokens), cell.align ?? undefined)),
    )
  const head = element('thead', [row(token.header, 'th')])
  const body = element(
    'tbody',
    token.rows.map((cells) => row(cells, 'td')),
  )
  return element('table', token.rows.length > 0 ? [head, body] : [head])
}

function link(address: string, children: Node[]): Node | Node[] {
  const href = safe(address)
  if (href === null) return children
  const box = element('a', children)
  box.setAttribute('href', href)
  box.setAttribute('target', '_blank')
  box.setAttribute('rel', 'noopener noreferrer nofollow')
  return box
}

/** Whole addresses only, and only of these kinds. */
export function safe(address: string): string | null {
  const plain = unescaped(address)
  if (plain.length > LONGEST_ADDRESS || !/^(?:https?|mailto):/i.test(plain)) return null
  try {
    const { protocol, href } = new URL(plain)
    return ['http:', 'https:', 'mailto:'].includes(protocol) ? href : null
  } catch {
    // `URL.canParse` is missing in browsers that are still in use.
    return null
  }
}

const reader = document.createElement('textarea')

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createHTML(input: string): string },
  ): { createHTML(input: string): string }
}
/** Without a tag in it, HTML is text with character references. */
const rules = { createHTML: (escaped: string) => escaped.replaceAll('<', '&lt;') }
/** The page's Content-Security-Policy names this policy (launch/page_headers.py). Not every browser has Trusted Types. */
const textOnly =
  (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('crosstalk-entities', rules) ??
  rules

/** `&amp;` and its like, as the characters that they stand for. A textarea holds text, whatever is written into it. */
function unescaped(escaped: string): string {
  if (!escaped.includes('&')) return escaped
  reader.innerHTML = textOnly.createHTML(escaped)
  return reader.value
}

function text(value: string): Text {
  return document.createTextNode(value)
}

/** Elements that hold running text: each takes its direction from its own first strong letter. */
const BLOCKS = new Set(['p', 'h3', 'blockquote', 'li', 'td', 'th', 'ul', 'ol'])

function element(name: string, children: Node[] = [], look?: string): HTMLElement {
  const box = document.createElement(name)
  if (look) box.className = look
  for (const child of children) box.append(child)
  // At the end: with it, Chromium looks through all children again for each one that is added.
  if (BLOCKS.has(name)) box.dir = 'auto'
  return box
}
