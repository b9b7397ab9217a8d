import type { Check, Checks } from './row.ts'
import { pick } from './values.ts'
import type { Wire } from './wire.ts'

/** What comes back unnamed as it went. */
const echoes =
  (event: 'message' | 'json', payload: (token: string) => unknown): Check =>
  async (wire, namespace) => {
    const peer = await wire.peer(namespace)
    const sent = payload(wire.token())
    return {
      expected: [sent],
      came: async () => {
        peer.emit(event, sent)
        return peer.hears(event)
      },
    }
  }

const isAnswered =
  (payload: (wire: Wire) => unknown): Check =>
  async (wire, namespace) => {
    const peer = await wire.peer(namespace)
    const sent = payload(wire)
    return {
      expected: { 'my response': [sent], ack: ['one', 2] },
      came: async () => {
        const ack = await peer.call('my event', sent)
        return { 'my response': await peer.response([sent]), ack }
      },
    }
  }

const comesBackAsThree =
  (event: string): Check =>
  async (wire, namespace) => {
    const peer = await wire.peer(namespace)
    const sent = [wire.token(), { b: [2, 'zwei', null] }, 3.5]
    return {
      expected: { 'my response': sent, ack: [] },
      came: async () => {
        const ack = await peer.call(event, ...sent)
        return { 'my response': await peer.response(sent), ack }
      },
    }
  }

const emptyValues: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const values = [null, false, 0, '', [], {}]
  return {
    expected: values.map((value) => [value]),
    came: async () => {
      const came = []
      for (const value of values) {
        peer.emit('json', value)
        came.push(await peer.hears('json'))
      }
      return came
    },
  }
}

const crosses: Check = async (wire, namespace) => {
  const here = await wire.peer(namespace)
  const there = await wire.peer(namespace === '/' ? '/test' : '/')
  const token = wire.token()
  return {
    expected: { there: [token], ack: [{ ok: true }], here: false },
    came: async () => {
      const ack = await here.call('cross', token)
      const came = await there.hears('my response', ([x]) => x === token)
      return { there: came, ack, here: await here.hasHeard('my response', ([x]) => x === token) }
    },
  }
}

const crossesToNobody: Check = async (wire, namespace) => ({
  expected: { ok: false, code: 'not_found' },
  came: async () => refusal(await (await wire.visitor(namespace)).call('cross', wire.token())),
})

const staysInItsNamespace: Check = async (wire, namespace) => {
  const here = await wire.peer(namespace)
  const there = await wire.peer(namespace === '/' ? '/test' : '/')
  const token = wire.token()
  return {
    expected: { here: true, there: false },
    came: async () => {
      await here.call('broadcast', token)
      const heard = ([x]: readonly unknown[]) => x === token
      return {
        here: await here.hasHeard('my response', heard),
        there: await there.hasHeard('my response', heard),
      }
    },
  }
}

const reachesEverybody: Check = async (wire, namespace) => {
  const sender = await wire.peer(namespace)
  const token = wire.token()
  return {
    expected: { sender: [{ token }], other: [{ token }] },
    came: async () => {
      const other = await wire.visitor(namespace)
      const matches = ([x]: readonly unknown[]) => (pick(x, 'token') as { token?: unknown }).token === token
      await sender.call('broadcast', { token })
      return {
        sender: await sender.hears('my response', matches),
        other: await other.hears('my response', matches),
      }
    },
  }
}

const confirms: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const token = wire.token()
  return {
    expected: { confirm_me: [token], confirmed: [`got ${token}`, 2] },
    came: async () => {
      peer.socket.once('confirm_me', (_x: unknown, ack: (...args: unknown[]) => void) =>
        ack(`got ${token}`, 2),
      )
      peer.emit('confirm', token)
      const confirmed = await peer.hears('confirmed')
      return { confirm_me: await peer.hears('confirm_me'), confirmed }
    },
  }
}

const unknownIsRefused: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  return {
    expected: { ok: false },
    came: async () => pick((await peer.call(`no such event ${wire.token()}`, 1))[0], 'ok'),
  }
}

const invalidIsRefused: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  return {
    expected: { ok: false, code: 'invalid' },
    came: async () => refusal(await peer.call('join', { username: wire.token(), rooom: 'misspelt' })),
  }
}

/** What was refused, without the words, which are for people. */
export function refusal([answer]: readonly unknown[]): unknown {
  const { ok, error } = (answer ?? {}) as { ok?: unknown; error?: { code?: unknown } }
  return ok === false ? { ok, code: error?.code } : answer
}

export const events = {
  message: echoes('message', (token) => `a text, 一段文字, ${token} 🐾`),
  json: echoes('json', (token) => ({ token, list: [1, 2.5, -3, null, true], 名: { nested: ['🐾'] } })),
  'json: empty values': emptyValues,
  'my event: text': isAnswered((wire) => `text ${wire.token()}`),
  'my event: bytes': isAnswered(() => crypto.getRandomValues(new Uint8Array(64))),
  'my event: integer': isAnswered(() => crypto.getRandomValues(new Uint32Array(1))[0]),
  'my event: JSON': isAnswered((wire) => ({ token: wire.token(), deep: [{ er: [{ still: null }] }] })),
  my_event: comesBackAsThree('my_event'),
  my_custom_event: comesBackAsThree('my_custom_event'),
  on_event: comesBackAsThree('on_event'),
  cross: crosses,
  'cross: no other client': crossesToNobody,
  'stays in its namespace': staysInItsNamespace,
  broadcast: reachesEverybody,
  confirm: confirms,
  'refuses an unknown event': unknownIsRefused,
  'refuses invalid input': invalidIsRefused,
} satisfies Checks
