import { expect, test } from 'vitest'
import { cut, Reveal } from './reveal'

test('what was there at first is shown at once', () => {
  const reveal = new Reveal(5000)
  expect(reveal.at(0)).toBe(5000)
  expect(reveal.done).toBe(true)
})

test('a piece is spread over the time to the next', () => {
  const reveal = new Reveal(0)
  reveal.reached(4, 1000)
  reveal.at(1200)
  reveal.reached(8, 1040 + 200)
  const shown = [0, 30, 60, 90, 120].map((after) => reveal.at(1240 + after))
  expect(shown).toEqual([4, 5, 6, 7, 8])
})

test('nothing trails by more than 150 ms, however fast or slow the pieces come', () => {
  for (const interval of [1, 16, 40, 100, 700, 5000]) {
    const reveal = new Reveal(0)
    const arrived: number[] = []
    for (let now = 0; now < 12_000; now++) {
      if (now % interval === 0) {
        arrived.push(now)
        reveal.reached(arrived.length * 3, now)
      }
      const shown = reveal.at(now)
      const due = arrived.filter((at) => at <= now - 150).length * 3
      expect(shown).toBeGreaterThanOrEqual(due)
    }
  }
})

test('it never goes back while text grows', () => {
  const reveal = new Reveal(0)
  let before = 0
  for (let now = 0; now < 1000; now += 7) {
    if (now % 42 === 0) reveal.reached(now, now)
    const shown = reveal.at(now)
    expect(shown).toBeGreaterThanOrEqual(before)
    before = shown
  }
})

test('a leap after a gap is shown at once', () => {
  const reveal = new Reveal(10)
  reveal.reached(10_000, 500)
  expect(reveal.at(501)).toBe(10_000)
})

test('a pair of surrogates is shown whole or not at all', () => {
  expect(cut('a😀b', 2)).toBe('a')
  expect(cut('a😀b', 3)).toBe('a😀')
  expect(cut('a😀', 3)).toBe('a😀')
})
