/** Documents as people and models write them, for the tests of this folder. */
import type { seeded } from '../../../client/testing/random'

const PARTS: readonly string[] = [
  'A paragraph with *emphasis*, **strength**, `code` and a [link](https://example.com/a).\nIts second line.',
  '# A title',
  '## Another title\nand text right after it',
  'Underlined\n==========',
  'Said before a list:\n- one\n- two\n  goes on\n- three',
  '- tight\n- list',
  '- loose\n\n- list\n\n  with a paragraph\n\n- end',
  '1. Do this:\n\n   ```sh\n   make\n\n   make test\n   ```\n\n2. Then that:\n   - a\n     - b\n\n       deep\n   - c\n3. Done.',
  '1. Not indented:\n```js\nlet a = 1\n\nlet b = 2\n```\n2. and on',
  '* star\n+ plus\n- minus',
  '10. ten\n11. eleven\n\n    still eleven',
  '- [ ] to do\n- [x] done',
  '```python\ndef f():\n\n    return "# no title"\n\n- no list\n```',
  '~~~\n```\n\nnot the end\n~~~',
  '````md\n```\ninner\n```\n\nmore\n````',
  'Right after text:\n```\ncode\n\nmore code\n```\ntext again',
  '| a | b |\n|---|--:|\n| 1 | 2 |\n| **x** | `y` |',
  '> quoted\n> - a list\n>\n> ```\n> code\n>\n> code\n> ```\nand lazily on',
  '> one\n\n> another',
  '    indented code\n\n    and more of it',
  '<div>\nsome html\n</div>',
  '<!-- a remark\n\nover blank lines -->',
  '<pre>\nraw\n\nraw\n</pre>',
  '---',
  '* * *',
  'Text\n***\ntext',
  '- item\n---\n\n  text',
  '- item\n\nSee [the end][end] and [nowhere][x].',
  '[end]: https://example.com/end "The end"',
  '中文段落，**加粗**。\n\n1. 第一\n2. 第二',
  'An emoji 👩‍👩‍👧‍👦 and &amp; an entity, 2 * 3 * 4, snake_case_name.',
  '1) one\n\n2) two',
  '-\n  empty first line',
  'line ending in spaces  \nnext',
]

export function documentOf(random: ReturnType<typeof seeded>, parts = 1 + Math.floor(random() * 8)): string {
  let document = ''
  for (let i = 0; i < parts; i++) {
    const part = PARTS[Math.floor(random() * PARTS.length)] ?? ''
    document += part + ['\n\n', '\n\n', '\n\n\n', '\n'][Math.floor(random() * 4)]
  }
  return random() < 0.5 ? document : document.trimEnd()
}

/** A text in pieces, at places where nobody would cut. */
export function piecesOf(text: string, random: ReturnType<typeof seeded>, most = 9): string[] {
  const pieces: string[] = []
  for (let from = 0; from < text.length;) {
    const to = from + 1 + Math.floor(random() * most)
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}
