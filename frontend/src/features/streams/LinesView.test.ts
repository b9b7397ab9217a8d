import { flushSync } from 'svelte'
import { render } from '@testing-library/svelte'
import { expect, test } from 'vitest'
import LinesView from './LinesView.svelte'
import { Lines } from './lines.svelte'

test('the text node of the line that is being written stays, and with it a selection', () => {
  const lines = new Lines()
  lines.reached('first\nsecond li')
  const { container } = render(LinesView, { lines, caret: true })
  const node = container.querySelector('span:last-of-type')?.firstChild
  expect(node?.nodeValue).toBe('second li')
  lines.reached('first\nsecond line grows')
  flushSync()
  expect(container.querySelector('span:last-of-type')?.firstChild).toBe(node)
  expect(node?.nodeValue).toBe('second line grows')
  lines.reached('first\nsecond line grows\nthird')
  flushSync()
  expect(container.textContent).toBe('first\nsecond line grows\nthird')
  lines.reached('anew')
  flushSync()
  expect(container.textContent).toBe('anew')
})

test('each line has the direction of its own text', () => {
  const lines = new Lines()
  lines.reached('שלום\nHello')
  const { container } = render(LinesView, { lines })
  for (const span of container.querySelectorAll('span')) expect(span.dir).toBe('auto')
})
