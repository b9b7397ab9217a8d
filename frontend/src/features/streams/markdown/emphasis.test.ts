import { expect, test } from 'vitest'
import { draw } from './draw'
import { noDefinitions, parse } from './parse'

function drawn(source: string): string {
  const box = document.createElement('div')
  box.append(...draw(parse(source, noDefinitions())))
  return box.innerHTML.replaceAll(' dir="auto"', '').replace(/^<p>(.*)<\/p>$/s, '$1')
}

test.each([
  ['**注意：**请', '<strong>注意：</strong>请'],
  ['请看**「重点」**内容', '请看<strong>「重点」</strong>内容'],
  ['**重点（括弧付き）。**この文', '<strong>重点（括弧付き）。</strong>この文'],
  ['~~删除。~~继续', '<del>删除。</del>继续'],
  ['*强调！*然后', '<em>强调！</em>然后'],
  ['**“引号”**内容', '<strong>“引号”</strong>内容'],
  ['**한국어(괄호)**를', '<strong>한국어(괄호)</strong>를'],
])('beside Chinese, Japanese and Korean text %s is emphasis', (source, html) => {
  expect(drawn(source)).toBe(html)
})

test.each([
  ['snake_case_name and other_name', 'snake_case_name and other_name'],
  ['2 * 3 * 4', '2 * 3 * 4'],
  ['a * b*', 'a * b*'],
  ['**a*', '*<em>a</em>'],
  ['***a***', '<em><strong>a</strong></em>'],
  ['**a *b* c**', '<strong>a <em>b</em> c</strong>'],
  ['*a **b** c*', '<em>a <strong>b</strong> c</em>'],
  ['*a _b* c_', '<em>a _b</em> c_'],
  ['b ~~~a~~~ c', 'b ~~~a~~~ c'],
  ['~a~ and ~~b~~', '<del>a</del> and <del>b</del>'],
  ['~a~~', '~a~~'],
  ['`*a*` *b*', '<code>*a*</code> <em>b</em>'],
  ['\\*a\\* *b*', '*a* <em>b</em>'],
  ['*foo**bar**baz*', '<em>foo<strong>bar</strong>baz</em>'],
  ['foo*_*', 'foo*_*'],
  ['a __init__py', 'a __init__py'],
  ['*👍*', '<em>👍</em>'],
])('%s is drawn as CommonMark and GitHub have it', (source, html) => {
  expect(drawn(source)).toBe(html)
})

test.each([
  ['https://example.com/a。然后继续', 'https://example.com/a'],
  ['见https://example.com/a）。', 'https://example.com/a'],
  ['www.example.com，', 'http://www.example.com'],
  ['write to ann.b+c@mail.example.org.', 'mailto:ann.b+c@mail.example.org'],
])('the link in %s ends where the sentence goes on', (source, href) => {
  const box = document.createElement('div')
  box.append(...draw(parse(source, noDefinitions())))
  expect([...box.querySelectorAll('a')].map((link) => link.getAttribute('href'))).toEqual([
    new URL(href).href,
  ])
})

test('a long table of snake_case cells and a long list with bold words keep their blocks', () => {
  const rows = Array.from({ length: 100 }, (_, i) => `|first_cell_${i}|second_cell_${i}|third_cell_${i}|`)
  const table = ['|a|b|c|', '|-|-|-|', ...rows].join('\n')
  expect(drawn(table).match(/<tr>/g)).toHaveLength(101)
  const list = Array.from({ length: 210 }, (_, i) => `* item **${i}**`).join('\n')
  expect(drawn(list).match(/<li>/g)).toHaveLength(210)
  expect(drawn(list).match(/<strong>/g)).toHaveLength(210)
})
