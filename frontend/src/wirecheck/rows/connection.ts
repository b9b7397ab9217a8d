import { Missing } from './peer.ts'
import type { Check, Checks } from './row.ts'
import { anything, having, someText } from './values.ts'
import { Refused, transportOf, type Namespace, type Wire } from './wire.ts'

const otherThan = (namespace: Namespace): Namespace => (namespace === '/' ? '/test' : '/')

const connects: Check = async (wire, namespace) => ({
  expected: { event: 'my response', args: [{ data: 'Connected' }] },
  came: async () => {
    const peer = await wire.newcomer(namespace, { who: wire.token(), of: { any: ['shape'] } })
    return { event: 'my response', args: await peer.hears('my response') }
  },
})

const isRefused: Check = async (wire, namespace) => {
  const reason = `no entry for ${wire.token()}`
  return {
    expected: { connect_error: reason },
    came: async () => {
      try {
        await wire.newcomer(namespace, { refuse: reason })
      } catch (refused) {
        if (refused instanceof Refused) return { connect_error: refused.reason }
        throw refused
      }
      throw new Missing('the connection was accepted')
    },
  }
}

const overTransport: Check = async (wire, namespace) => {
  const last = wire.target.transport === 'polling' ? 'polling' : 'websocket'
  return {
    expected: { client: last, server: last },
    came: async () => {
      const peer = await wire.visitor(namespace)
      if (wire.target.transport === 'upgrade') await wire.upgraded(peer)
      const [who] = (await peer.call('whoami')) as [{ transport?: unknown }?]
      return { client: transportOf(peer), server: who?.transport }
    },
  }
}

const isKnown: Check = async (wire, namespace) => {
  const peer = await wire.peer(namespace)
  return {
    expected: [
      {
        sid: peer.id,
        rooms: having([peer.id]),
        transport: transportOf(peer),
        origin: expectedOrigin(wire),
        server: someText,
        async_mode: someText,
      },
    ],
    came: () => peer.call('whoami'),
  }
}

const leavesItsRooms: Check = async (wire, namespace) => {
  const [room, username] = [wire.token(), wire.token()]
  return {
    expected: { before: having([room]), witness: [`${username} has entered the room.`], after: false },
    came: async () => {
      const witness = await wire.peer(namespace)
      const first = await wire.visitor(namespace)
      await witness.call('join', { username: wire.token(), room })
      await first.call('join', { username, room })
      const entered = await witness.hears('message', ([text]) => String(text).startsWith(username))
      const before = roomsOf(await first.call('whoami'))
      first.leave()
      const second = await wire.visitor(namespace)
      const after = roomsOf(await second.call('whoami'))
      await witness.call('leave', { username: wire.token(), room })
      return { before, witness: entered, after: after.includes(room) || after.includes(first.id) }
    },
  }
}

const isDisconnected: Check = async (wire, namespace) => {
  const other = otherThan(namespace)
  return {
    expected: {
      left: 'io server disconnect',
      [`still in ${other}`]: ['one', 2],
      [`then in ${other}`]: someText,
    },
    came: async () => {
      const here = await wire.visitor(namespace)
      const there = await wire.alsoIn(other, here)
      if (wire.target.transport === 'upgrade') await wire.upgraded(here)
      here.emit('disconnect_me')
      const left = await here.ends()
      const still = await there.call('my event', wire.token())
      there.emit('disconnect_me')
      return { left, [`still in ${other}`]: still, [`then in ${other}`]: await there.ends() }
    },
  }
}

/** Browsers do not tell an API its origin when it is on the page's own. */
export function expectedOrigin({ url, target }: Wire): unknown {
  const same = target.origin !== null && new URL(url).origin === target.origin
  return same ? anything : target.origin
}

function roomsOf([who]: readonly unknown[]): readonly unknown[] {
  const rooms = (who as { rooms?: unknown } | undefined)?.rooms
  return Array.isArray(rooms) ? rooms : []
}

export const connection = {
  connects,
  'is refused with the reason': isRefused,
  'uses the transport': overTransport,
  whoami: isKnown,
  'leaves its rooms on disconnect': leavesItsRooms,
  disconnect_me: isDisconnected,
} satisfies Checks
