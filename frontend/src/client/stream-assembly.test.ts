import { describe, expect, it } from 'vitest'
import { StreamAssembly } from './stream-assembly.ts'
import { seeded, shuffled } from './testing/random.ts'

function assembly() {
  const grown: string[] = []
  return { text: () => grown.join(''), grown, stream: new StreamAssembly<string>((next) => grown.push(next)) }
}

describe('a stream that is put together', () => {
  it('grows by pieces in order', () => {
    const { stream, text } = assembly()
    expect(stream.take(0, 'Hello')).toBe(true)
    expect(stream.take(5, ', world')).toBe(true)
    expect(text()).toBe('Hello, world')
    expect(stream.missing).toBe(false)
  })

  it('ignores what is known and takes only the rest of an overlap', () => {
    const { stream, grown } = assembly()
    stream.take(0, 'Hello')
    expect(stream.take(0, 'Hello')).toBe(false)
    stream.take(3, 'lo, you')
    expect(grown).toEqual(['Hello', ', you'])
  })

  it('holds an early piece and says that something is missing', () => {
    const { stream, text } = assembly()
    expect(stream.take(5, ' there')).toBe(false)
    expect(stream.missing).toBe(true)
    stream.take(0, 'Hello')
    expect(text()).toBe('Hello there')
    expect(stream.missing).toBe(false)
  })

  it('knows that it is not whole when the end is told before the text', () => {
    const { stream } = assembly()
    stream.take(0, 'abc')
    stream.reaches(10)
    expect(stream.missing).toBe(true)
    stream.take(3, 'defghij')
    expect(stream.missing).toBe(false)
  })

  it('takes a view that begins one unit early, inside what is known', () => {
    const { stream, text } = assembly()
    stream.take(0, 'a😀'.slice(0, 2))
    stream.take(1, '😀b')
    expect(text()).toBe('a😀b')
  })

  it('counts items of a series the same way', () => {
    const items: unknown[] = []
    const stream = new StreamAssembly<unknown[]>((next) => items.push(...next))
    stream.take(2, [{ y: 3 }])
    stream.take(0, [{ y: 1 }, { y: 2 }])
    stream.take(1, [{ y: 2 }, { y: 3 }, { y: 4 }])
    expect(items).toEqual([{ y: 1 }, { y: 2 }, { y: 3 }, { y: 4 }])
    expect(stream.end).toBe(4)
  })

  it.each(Array.from({ length: 100 }, (_, index) => index + 1))(
    'is whole after losses, views, doubles and disorder (seed %i)',
    (seed) => {
      const random = seeded(seed)
      const whole = Array.from({ length: 300 }, () =>
        String.fromCharCode(97 + Math.floor(random() * 26)),
      ).join('')
      const pieces: { offset: number; content: string }[] = []
      for (let offset = 0; offset < whole.length;) {
        const length = 1 + Math.floor(random() * 12)
        pieces.push({ offset, content: whole.slice(offset, offset + length) })
        offset += length
      }
      const arriving = shuffled(
        [...pieces.filter(() => random() < 0.6), ...pieces.filter(() => random() < 0.2)],
        random,
      )
      const { stream, text } = assembly()
      for (const { offset, content } of arriving) {
        stream.take(offset, content)
        expect(whole.startsWith(text())).toBe(true)
        if (random() < 0.1) stream.take(stream.end, whole.slice(stream.end, stream.end + 20))
      }
      stream.reaches(whole.length)
      for (let views = 0; stream.missing; views += 1) {
        expect(views).toBeLessThan(whole.length)
        stream.take(stream.end, whole.slice(stream.end, stream.end + 30))
      }
      expect(text()).toBe(whole)
    },
  )
})
