import { expect, test } from 'vitest'
import { growsWithin } from '../../../testing/cpu'
import { noDefinitions, parse } from './parse'

const times = (unit: string) => (n: number) => unit.repeat(Math.ceil(n / unit.length))

const TEXTS: readonly (readonly [string, (n: number) => string])[] = [
  ['names before an at sign', (n) => `${times('a.')(n)}@`],
  ['letters before an at sign', (n) => `${times('a')(n)}@`],
  ['underscores around an at sign', (n) => `${times('_')(n / 2)}@${times('_')(n / 2)}`],
  ['mail addresses', times('a.b@example.com ')],
  ['at signs', times('a@')],
  ['blanks', (n) => `a${times(' ')(n)}b`],
  ['tabs', (n) => `${times('\t')(n)}x`],
  ['mixed emphasis', times('_a*')],
  ['openers', times('*a ')],
  ['closers', times('a* ')],
  ['openers and closers', (n) => times('*a ')(n / 2) + times('a* ')(n / 2)],
  ['strong in strong', (n) => times('**a ')(n / 2) + times('a** ')(n / 2)],
  ['one run of stars', times('*')],
  ['runs that grow', (n) => Array.from({ length: Math.sqrt(2 * n) }, (_, i) => '*'.repeat(i)).join('a')],
  ['tildes', times('~a')],
  ['double tildes', times('~~a ')],
  ['backticks', times('`a')],
  ['backticks that grow', (n) => Array.from({ length: Math.sqrt(2 * n) }, (_, i) => '`'.repeat(i)).join('a')],
  ['brackets', times('[')],
  ['brackets with words', times('[a]')],
  ['links without an end', times('[a](')],
  ['links without a closed title', times('[a](b "')],
  ['parentheses in a link', (n) => `[a](${times('(')(n)}`],
  ['images in images', (n) => times('![a')(n / 2) + times('](b)')(n / 2)],
  ['references', times('[a][b]')],
  ['definitions', times('[a]: b\n')],
  ['angle brackets', times('<')],
  ['tags without an end', times('<a b="')],
  ['comments without an end', times('<!--')],
  ['entities', times('&amp;')],
  ['backslashes', times('\\')],
  ['addresses', times('http://')],
  ['addresses with brackets', (n) => `https://example.com/${times(')')(n)}`],
  ['www', times('www.')],
  ['lines', times('a\n')],
  ['lines with blanks at their end', times('a  \n')],
  ['quotations in quotations', times('> ')],
  ['lists in lists', (n) => `${times('- ')(n)}x`],
  ['numbered lists in lists', (n) => `${times('1. ')(n)}x`],
  ['a quotation in a list in a quotation', times('> - ')],
  ['a long list', times('- a **b** c\n')],
  [
    'a list that grows deeper',
    (n) => Array.from({ length: Math.sqrt(n) }, (_, i) => `${' '.repeat(2 * i)}- a\n`).join(''),
  ],
  ['a long table', (n) => `|a|b|\n|-|-|\n${times('|snake_case_name|other_case_name|\n')(n)}`],
  ['a wide table', (n) => `${times('|a')(n / 2)}|\n${times('|-')(n / 2)}|\n`],
  ['pipes', times('|')],
  ['number signs', times('#')],
  ['equal signs', (n) => `a\n${times('=')(n)}b`],
  ['dashes', (n) => `${times('-')(n)}a`],
  ['fences', times('```\n')],
  ['lines of one list item', (n) => `- ${times('a\n')(n)}`],
  ['indented lines of one list item', (n) => `- ${times('a\n  ')(n)}`],
  ['lazy lines of a list in a quotation', times('> - a\nb\n')],
  ['lines before an underline', (n) => `${times('a\n')(n)}===`],
  ['references to one definition', (n) => `[a]: b\n\n${times('[a] ')(n)}`],
  ['many definitions', (n) => Array.from({ length: n / 12 }, (_, i) => `[a${String(i)}]: b\n\n`).join('')],
  ['escaped brackets in brackets', times('[\\]')],
  ['tags in a line', times('x <a b')],
  ['comments in a line', (n) => `x ${times('<!--')(n)}`],
  ['emphasis around code', times('*`*`')],
  ['combining marks', times('\u0301')],
  ['Chinese emphasis', times('**注意：**请')],
  ['one long Chinese sentence', times('文字，')],
]

test.each(TEXTS)('%s cost far less than their square', { timeout: 30_000 }, (_, text) => {
  // A longer block is cut before it is parsed.
  const [part, whole] = [text(8_192), text(32_768)]
  expect(
    growsWithin(
      11,
      () => parse(part, noDefinitions()),
      () => parse(whole, noDefinitions()),
    ),
  ).toBe(true)
})
