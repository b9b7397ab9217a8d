import { describe, expect, it } from 'vitest'
import { Sequence } from './sequence.ts'
import { seeded, shuffled } from './testing/random.ts'

const event = (seq: number) => ({ seq })
const seqs = (events: { seq: number }[]) => events.map(({ seq }) => seq)

function started(position: number): Sequence<{ seq: number }> {
  const sequence = new Sequence<{ seq: number }>()
  sequence.restart(position)
  return sequence
}

describe('a sequence', () => {
  it('applies the next event at once', () => {
    const sequence = started(4)
    expect(seqs(sequence.receive(event(5)))).toEqual([5])
    expect(sequence.position).toBe(5)
    expect(sequence.behind).toBe(0)
  })

  it('ignores what it has applied', () => {
    const sequence = started(4)
    sequence.receive(event(5))
    expect(sequence.receive(event(5))).toEqual([])
    expect(sequence.receive(event(2))).toEqual([])
    expect(sequence.position).toBe(5)
  })

  it('holds an early event until the missing one comes, and says how far it is behind', () => {
    const sequence = started(4)
    expect(sequence.receive(event(7))).toEqual([])
    expect(sequence.behind).toBe(3)
    expect(sequence.receive(event(6))).toEqual([])
    expect(seqs(sequence.receive(event(5)))).toEqual([5, 6, 7])
    expect(sequence.behind).toBe(0)
  })

  it('is behind when a number is told of by something else than its event', () => {
    const sequence = started(4)
    sequence.notice(6)
    expect(sequence.behind).toBe(2)
    sequence.notice(3)
    expect(sequence.latest).toBe(6)
  })

  it('holds everything until a snapshot tells where it stands', () => {
    const sequence = new Sequence<{ seq: number }>()
    for (const seq of [9, 11, 10, 13]) expect(sequence.receive(event(seq))).toEqual([])
    expect(sequence.position).toBeNull()
    expect(seqs(sequence.restart(9))).toEqual([10, 11])
    expect(sequence.behind).toBe(2)
  })

  it('takes a page that leaves out what was replaced, and goes on from the position that comes with it', () => {
    const sequence = started(10)
    expect(seqs(sequence.replay([event(12), event(15)], { position: 17, latest: 17 }))).toEqual([12, 15])
    expect(sequence.position).toBe(17)
    expect(sequence.receive(event(16))).toEqual([])
    expect(seqs(sequence.receive(event(18)))).toEqual([18])
  })

  it('stops where a page ends that is not the last, and knows how far behind it is', () => {
    const sequence = started(10)
    sequence.replay([event(12), event(15)], { position: 15, latest: 40 })
    expect(sequence.position).toBe(15)
    expect(sequence.behind).toBe(25)
  })

  it('stays where it is when nothing of the room fitted into the answer', () => {
    const sequence = started(10)
    expect(sequence.replay([], { position: 10, latest: 40 })).toEqual([])
    expect(sequence.position).toBe(10)
    expect(sequence.behind).toBe(30)
    expect(sequence.receive(event(40))).toEqual([])
    expect(sequence.position).toBe(10)
  })

  it('does not go back to the position of a page that live events have overtaken', () => {
    const sequence = started(10)
    for (const seq of [11, 12, 13]) sequence.receive(event(seq))
    expect(sequence.replay([event(11)], { position: 11, latest: 12 })).toEqual([])
    expect(sequence.position).toBe(13)
    expect(sequence.behind).toBe(0)
  })

  it('skips the items of a page that live events have overtaken, and releases what was held', () => {
    const sequence = started(10)
    sequence.receive(event(13))
    sequence.receive(event(11))
    expect(seqs(sequence.replay([event(11), event(12)], { position: 12, latest: 12 }))).toEqual([12, 13])
  })

  it('takes nothing of a page that was asked for before it forgot', () => {
    const sequence = started(10)
    sequence.forget()
    expect(sequence.replay([event(11)], { position: 11, latest: 11 })).toEqual([])
    expect(sequence.position).toBeNull()
  })

  it('does not hold early events without end', () => {
    const sequence = started(0)
    for (let seq = 2; seq <= 3000; seq += 1) sequence.receive(event(seq))
    const due = sequence.receive(event(1))
    expect(due.length).toBeLessThanOrEqual(1001)
    expect(sequence.latest).toBe(3000)
    expect(sequence.behind).toBe(3000 - due.length)
  })

  it.each(Array.from({ length: 200 }, (_, index) => index + 1))(
    'applies each event once and in order, whatever comes twice, early or late (seed %i)',
    (seed) => {
      const random = seeded(seed)
      const sent = Array.from({ length: 60 }, (_, index) => event(index + 1))
      const twice = sent.filter(() => random() < 0.3)
      const sequence = started(0)
      const applied = shuffled([...sent, ...twice], random).flatMap((one) => sequence.receive(one))
      expect(seqs(applied)).toEqual(seqs(sent))
      expect(sequence.behind).toBe(0)
    },
  )

  it.each(Array.from({ length: 200 }, (_, index) => index + 1))(
    'is whole after losses, pages and late events in any interleaving (seed %i)',
    (seed) => {
      const random = seeded(seed)
      const newest = 80
      // A log in which some changes were replaced by later ones: those numbers are in no page.
      const replaced = new Set(Array.from({ length: 20 }, () => 1 + Math.floor(random() * (newest - 1))))
      const live = shuffled(
        Array.from({ length: newest }, (_, index) => event(index + 1)).filter(() => random() < 0.7),
        random,
      )
      const sequence = started(0)
      const applied: { seq: number }[] = []
      const page = (limit: number) => {
        const after = sequence.position ?? 0
        const items = Array.from({ length: newest }, (_, index) => event(index + 1)).filter(
          ({ seq }) => seq > after && !replaced.has(seq),
        )
        const cut = items.slice(0, limit)
        const position = items.length > limit ? (cut.at(-1)?.seq ?? after) : newest
        // Live events get in between the question and the answer.
        const between = live.splice(0, Math.floor(random() * 10))
        applied.push(...between.flatMap((one) => sequence.receive(one)))
        applied.push(...sequence.replay(cut, { position, latest: newest }))
      }
      while (live.length > 0) {
        const next = live.shift()
        if (next !== undefined) applied.push(...sequence.receive(next))
        if (random() < 0.1) page(Math.floor(random() * 20))
      }
      for (let asked = 0; sequence.behind > 0 || (sequence.position ?? 0) < newest; asked += 1) {
        expect(asked).toBeLessThan(newest)
        page(10)
      }
      const order = seqs(applied)
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b))
      for (let seq = 1; seq <= newest; seq += 1) if (!replaced.has(seq)) expect(order).toContain(seq)
    },
  )
})
