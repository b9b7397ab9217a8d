import { expect, test } from 'vitest'
import { seeded } from '../../../client/testing/random'
import { documentOf } from './documents'
import { draw, drawInto, safe } from './draw'
import { noDefinitions, parse } from './parse'

function drawn(source: string): HTMLElement {
  const box = document.createElement('div')
  box.append(...draw(parse(source, noDefinitions())))
  return box
}

const NAMES = 'p h3 blockquote ul ol li pre code table thead tbody tr th td hr br strong em del a'.split(' ')
const ATTRIBUTES = ['class', 'dir', 'href', 'target', 'rel', 'start']

/** What is in a text that somebody writes to do harm. */
const HARM = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<a href="javascript:alert(1)" onclick="x">y</a>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt&colon;alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:x) [y](//example.com) [z](/rooms) [q](\u0001javascript:alert(1))',
  '<javascript:alert(1)>',
  '![x](https://example.com/pixel.png "onload=alert(1)")',
  '[x][y]\n\n[y]: javascript:alert(1)',
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  '|<svg onload=alert(1)>|\n|-|\n|<iframe src=x>|',
  '- [x] <input autofocus onfocus=alert(1)>',
  '&lt;img src=x onerror=alert(1)&gt; &#60;script&#62;',
  '<style>*{display:none}</style>',
  '[`<b>`](https://example.com/"onmouseover="alert(1))',
  '</textarea><script>alert(1)</script> &amp;',
]

test.each(HARM)('nothing but known elements, attributes and addresses comes of %s', (source) => {
  for (const text of [source, `> - ${source}`, `**${source}** &amp;`, `# ${source}`]) {
    for (const element of drawn(text).querySelectorAll('*')) {
      expect(NAMES).toContain(element.localName)
      for (const { name } of element.attributes) expect(ATTRIBUTES).toContain(name)
      const href = element.getAttribute('href')
      if (href !== null) expect(href).toMatch(/^(https?|mailto):/)
    }
  }
})

test('HTML is read by people, not by the browser', () => {
  expect(drawn('a <b>c</b> &lt;i&gt; `&amp;`').textContent).toBe('a <b>c</b> <i> &amp;')
  expect(drawn('one<br>two').querySelectorAll('br')).toHaveLength(1)
})

test('a link opens elsewhere, and tells nothing of this page', () => {
  const link = drawn('[**a**](https://example.com/?a=1&amp;b=2)').querySelector('a')
  expect(link?.outerHTML).toBe(
    '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow"><strong>a</strong></a>',
  )
  expect(drawn('www.example.com me@example.com').querySelectorAll('a')).toHaveLength(2)
})

test('a picture is offered as a link', () => {
  expect(drawn('![a cat](https://example.com/cat.png)').innerHTML).toMatch(
    /^<p dir="auto"><a href="https:.*>a cat<\/a><\/p>$/,
  )
})

test('a link that is not to be had is the text that it was', () => {
  expect(drawn('see [here](javascript:alert(1))').innerHTML).toBe('<p dir="auto">see here</p>')
  expect(safe('ftp://example.com')).toBeNull()
  expect(safe('https://')).toBeNull()
  expect(safe('mailto:a@example.com')).toBe('mailto:a@example.com')
})

test.each([
  ['quotations in quotations', '> '.repeat(20_000)],
  ['lists in lists', `${'- '.repeat(20_000)}end`],
  ['emphasis without end', '_a*'.repeat(5_000)],
  ['brackets without end', '[a]('.repeat(5_000)],
])('%s are shown all the same', (_, source) => {
  expect(drawn(source).textContent?.trim()).not.toBe('')
})

test('nothing of a text is lost', () => {
  for (let seed = 0; seed < 100; seed++) {
    const source = documentOf(seeded(seed)).replaceAll(
      /\[end\]:.*|\(https.*?\)|`{3,}\w*|&amp;|\[end\]|\[x\]/g,
      '',
    )
    const shown = drawn(source).textContent ?? ''
    for (const word of source.match(/[a-z]{3,}/gi) ?? []) expect(shown).toContain(word)
  }
})

test('a block that is not parsed yet is drawn as it was written', () => {
  const box = document.createElement('div')
  drawInto(box, { source: '# **not** yet\n', tokens: null })
  expect(box.innerHTML).toBe('<p class="as-is" dir="auto"># **not** yet</p>')
})
