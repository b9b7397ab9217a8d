import type { Check, Checks } from './row.ts'

const isTheSame =
  (payload: () => unknown): Check =>
  async (wire, namespace) => {
    const peer = await wire.peer(namespace)
    const sent = payload()
    return {
      expected: { 'my response': [sent], ack: ['one', 2] },
      came: async () => {
        const ack = await peer.call('my event', sent)
        return { 'my response': await peer.response([sent]), ack }
      },
    }
  }

function nested(): unknown {
  return {
    title: 'bytes in objects',
    parts: [randomBytes(5), { deep: randomBytes(300), none: new Uint8Array(0) }],
  }
}

/** Letters that differ from one end to the other, so that a lost or doubled piece is found. */
function letters(count: number): string {
  const words = Array.from({ length: Math.ceil(count / 8) }, (_, n) => n.toString(36).padStart(8, '.'))
  return words.join('').slice(0, count)
}

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  // The most that is given at once.
  for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

const severalBinaries: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const sent = [randomBytes(3), 'between', { tail: randomBytes(40) }]
  return {
    expected: { 'my response': sent, ack: [] },
    came: async () => {
      const ack = await peer.call('my_event', ...sent)
      return { 'my response': await peer.response(sent), ack }
    },
  }
}

export const payloads = {
  'bytes, nested': isTheSame(nested),
  'bytes among arguments': severalBinaries,
  '300 kB of text': isTheSame(() => letters(300_000)),
  '500 kB of text': isTheSame(() => letters(500_000)),
  '300 kB of bytes': isTheSame(() => randomBytes(300_000)),
  '500 kB of bytes': isTheSame(() => randomBytes(500_000)),
} satisfies Checks
