import { cleanup, render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { Series } from './series.svelte'
import SeriesTable from './SeriesTable.svelte'

function tableOf(...items: unknown[]) {
  const series = new Series()
  series.reached({ items, end: items.length })
  render(SeriesTable, { series, lines: series.points.lines })
  return screen.getAllByRole('row').map((row) => [...row.children].map((cell) => cell.textContent.trim()))
}

test('the newest is first, values of a line are equally exact, and what is no number is written out', () => {
  expect(tableOf({ a: 1, b: 2.25 }, { a: 2 }, 'a word')).toEqual([
    ['Item', 'a', 'b'],
    ['3', 'a word'],
    ['2', '2', '–'],
    ['1', '1', '2.25'],
  ])
})

test('a more exact value makes those that are there as exact', async () => {
  const series = new Series()
  series.reached({ items: [78.1], end: 1 })
  const { rerender } = render(SeriesTable, { series, lines: series.points.lines.slice() })
  series.reached({ items: [78.1, 78.35], end: 2 })
  await rerender({ lines: series.points.lines.slice() })
  expect(screen.getAllByRole('cell').map((cell) => cell.textContent)).toEqual(['78.35', '78.10'])
})

test('it has a caption, and its headings say what they are for', () => {
  tableOf(1, 2)
  expect(screen.getByRole('table').querySelector('caption')?.textContent).toBe('2 items, newest first')
  expect(screen.getAllByRole('columnheader').map((one) => one.getAttribute('scope'))).toEqual(['col', 'col'])
  expect(screen.getAllByRole('rowheader').map((one) => one.getAttribute('scope'))).toEqual(['row', 'row'])
})

test('older rows come when they are asked for', async () => {
  const rows = tableOf(...Array.from({ length: 250 }, (_, n) => n))
  expect(rows).toHaveLength(101)
  await userEvent.click(screen.getByRole('button', { name: 'Show older' }))
  expect(screen.getAllByRole('row')).toHaveLength(201)
  await userEvent.click(screen.getByRole('button', { name: 'Show older' }))
  expect(screen.getAllByRole('row')).toHaveLength(251)
  expect(screen.queryByRole('button')).toBeNull()
})

test('rows of one second are told apart by milliseconds, and rows of different seconds need none', () => {
  const at = (ms: number) => ({ t: new Date(Date.UTC(2026, 10, 4, 10, 0, 0, ms)).toISOString(), value: ms })
  const names = (rows: string[][]) => rows.slice(1).map((row) => row[0] ?? '')
  const crowded = names(tableOf(at(0), at(500), at(1000)))
  expect(new Set(crowded).size).toBe(3)
  expect(crowded[1]).toMatch(/00\.500/)
  cleanup()
  expect(names(tableOf(at(0), at(1000))).join()).not.toMatch(/\.000/)
})
