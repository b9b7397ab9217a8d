import { expectedOrigin } from './connection.ts'
import type { Check, Checks } from './row.ts'
import { anything, pick } from './values.ts'

const toEverybody: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const event = `told ${wire.token()}`
  const data = { token: wire.token(), list: [1, null] }
  return {
    expected: { status: 202, here: [data], other: [data] },
    came: async () => {
      const other = await wire.visitor(namespace)
      const where = namespace === '/' ? {} : { namespace }
      const { status } = await wire.request('POST', '/wirecheck/emit', { event, data, ...where })
      return { status, here: await peer.hears(event), other: await other.hears(event) }
    },
  }
}

const toARoom: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const [event, room] = [`told ${wire.token()}`, wire.token()]
  return {
    expected: { status: 202, member: ['to the room'], stranger: false },
    came: async () => {
      const member = await wire.visitor(namespace)
      await member.call('join', { username: wire.token(), room })
      const body = { event, data: 'to the room', namespace, room }
      const { status } = await wire.request('POST', '/wirecheck/emit', body)
      return { status, member: await member.hears(event), stranger: await peer.hasHeard(event) }
    },
  }
}

const toOneConnection: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  const event = `told ${wire.token()}`
  return {
    expected: { status: 202, here: ['to you'], other: false },
    came: async () => {
      const other = await wire.visitor(namespace)
      const body = { event, data: 'to you', namespace, room: peer.id }
      const { status } = await wire.request('POST', '/wirecheck/emit', body)
      return { status, here: await peer.hears(event), other: await other.hasHeard(event) }
    },
  }
}

const isSeen: Check = async (wire) => {
  const { protocol, host } = new URL(wire.url)
  const sees = ['method', 'scheme', 'host', 'origin', 'origin_allowed'] as const
  const origin = expectedOrigin(wire)
  const seen = {
    method: 'GET',
    scheme: protocol.replace(':', ''),
    host,
    origin,
    origin_allowed: typeof origin === 'string' ? true : anything,
  }
  return {
    expected: { status: 200, ...seen },
    came: async () => {
      const { status, body } = await wire.request('GET', '/wirecheck')
      return { status, ...(pick(body, ...sees) as object) }
    },
  }
}

const refused =
  (body: object): Check =>
  async (wire) => ({
    expected: { status: 400, code: 'invalid' },
    came: async () => {
      const { status, body: problem } = await wire.request('POST', '/wirecheck/emit', body)
      return { status, ...(pick(problem, 'code') as object) }
    },
  })

export const rest = {
  'POST /wirecheck/emit': toEverybody,
  'POST /wirecheck/emit to a room': toARoom,
  'POST /wirecheck/emit to a session id': toOneConnection,
} satisfies Checks

/** Namespaces play no part in these. */
export const restAlone = {
  'GET /wirecheck': isSeen,
  'POST /wirecheck/emit refuses a reserved name': refused({ event: 'connect', data: 1 }),
  'POST /wirecheck/emit refuses another namespace': refused({ event: 'told', data: 1, namespace: '/chat' }),
} satisfies Checks
