import { refusal } from './events.ts'
import type { Peer } from './peer.ts'
import type { Check, Checks } from './row.ts'
import { atLeast } from './values.ts'

const MIXED = 'naïve 🛤️ 文字 e\u0301 👩‍🚀.'
/** As many different characters as are asked for: a change of their order is seen. */
const distinct = (count: number) =>
  String.fromCodePoint(...Array.from({ length: count }, (_, n) => 0x4e00 + n))

const comesByCodePoints: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const characters = [...MIXED]
  return {
    expected: { new_char: characters, stream_end: [characters.length], ack: [] },
    came: async () => {
      const ack = await peer.call('start_stream', { text: MIXED, pace_ms: 2 })
      return { ...(await whole(peer)), ack }
    },
  }
}

const comesOneByOne: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const [count, pace] = [12, 40]
  return {
    expected: { characters: count, ms: atLeast((count * pace) / 2), turns: atLeast(4) },
    came: async () => {
      await peer.call('start_stream', { text: distinct(count), pace_ms: pace })
      await peer.hears('stream_end')
      const times = peer.all('new_char').map(({ at }) => at)
      const turns = times.filter((at, index) => index === 0 || at - (times[index - 1] ?? 0) > pace / 4)
      return {
        characters: times.length,
        ms: Math.round((times.at(-1) ?? 0) - (times[0] ?? 0)),
        turns: turns.length,
      }
    },
  }
}

const hasADefault: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  return {
    expected: { characters: atLeast(3), eachOne: true },
    came: async () => {
      await peer.call('start_stream')
      await peer.hearsMany('new_char', 3)
      await peer.call('stop_stream')
      const characters = textOf(peer)
      return { characters: characters.length, eachOne: characters.every((one) => [...one].length === 1) }
    },
  }
}

const keepsOrder =
  (pace_ms: number): Check =>
  async (wire, namespace) => {
    const peer = await wire.peer(namespace)
    const text = distinct(200)
    return {
      expected: { text, events: 200, stream_end: [200] },
      came: async () => {
        await peer.call('start_stream', { text, pace_ms })
        const { new_char, stream_end } = await whole(peer)
        return { text: new_char.join(''), events: new_char.length, stream_end }
      },
    }
  }

const isStopped: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  return {
    expected: { ackIsWhatCame: true, stream_end: false, 'stopped again': [0] },
    came: async () => {
      await peer.call('start_stream', { text: distinct(500), pace_ms: 20 })
      await peer.hearsMany('new_char', 3)
      const [sent] = await peer.call('stop_stream')
      const again = await peer.call('stop_stream')
      const ended = await peer.hasHeard('stream_end')
      const came = textOf(peer).length
      return {
        ackIsWhatCame: sent === came || `${String(sent)}, and ${String(came)} came`,
        stream_end: ended,
        'stopped again': again,
      }
    },
  }
}

const isReplaced: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  return {
    expected: { text: 'the second', stream_end: [10], ends: 0 },
    came: async () => {
      await peer.call('start_stream', { text: 'x'.repeat(500), pace_ms: 20 })
      await peer.hearsMany('new_char', 2)
      await peer.call('start_stream', { text: 'the second', pace_ms: 5 })
      const { new_char, stream_end } = await whole(peer)
      const text = new_char.join('').replace(/^x+/, '')
      return { text, stream_end, ends: Number(await peer.hasHeard('stream_end')) }
    },
  }
}

const refusesAPace: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  return {
    expected: { ok: false, code: 'invalid' },
    came: async () => refusal(await peer.call('start_stream', { text: 'too slow', pace_ms: 5_001 })),
  }
}

async function whole(peer: Peer): Promise<{ new_char: string[]; stream_end: readonly unknown[] }> {
  const stream_end = await peer.hears('stream_end')
  return { new_char: textOf(peer), stream_end }
}

function textOf(peer: Peer): string[] {
  return peer.all('new_char').map(({ args }) => (args.length === 1 ? String(args[0]) : '(not one argument)'))
}

export const streams = {
  'start_stream: each code point': comesByCodePoints,
  'start_stream: one by one': comesOneByOne,
  'start_stream: the default text': hasADefault,
  'start_stream: 200 in order, no delay': keepsOrder(0),
  'start_stream: 200 in order, 5 ms': keepsOrder(5),
  'start_stream: restart': isReplaced,
  'start_stream: refuses an invalid pace': refusesAPace,
  stop_stream: isStopped,
} satisfies Checks
