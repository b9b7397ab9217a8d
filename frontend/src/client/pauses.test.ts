import { expect, it } from 'vitest'
import { pauseMs } from './pauses.ts'

const bounds = { firstMs: 400, mostMs: 8_000 }

it('doubles up to a bound', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 50].map((failures) => pauseMs(failures, () => 1, bounds))
  expect(pauses).toEqual([400, 800, 1600, 3200, 6400, 8000, 8000])
})

it('is spread over the upper half, so that many clients do not come back at once', () => {
  expect(pauseMs(3, () => 0, bounds)).toBe(800)
  expect(pauseMs(3, () => 0.5, bounds)).toBe(1200)
})
