import type { Peer } from './peer.ts'
import type { Check, Checks } from './row.ts'
import type { Wire } from './wire.ts'

const joins: Check = async (wire, namespace) => {
  const joiner = await wire.peer(namespace)
  const [username, room] = [wire.token(), wire.token()]
  const entered = `${username} has entered the room.`
  return {
    expected: { ack: [{ ok: true }], joiner: [entered], member: [entered], stranger: false },
    came: async () => {
      const [member, stranger] = await both(wire, namespace)
      await member.call('join', { username: wire.token(), room })
      const ack = await joiner.call('join', { username, room })
      const isEntered = ([text]: readonly unknown[]) => text === entered
      const came = {
        ack,
        joiner: await joiner.hears('message', isEntered),
        member: await member.hears('message', isEntered),
        stranger: await stranger.hasHeard('message', isEntered),
      }
      await joiner.call('leave', { username, room })
      return came
    },
  }
}

const leaves: Check = async (wire, namespace) => {
  const leaver = await wire.peer(namespace)
  const [username, room] = [wire.token(), wire.token()]
  const left = `${username} has left the room.`
  return {
    expected: { ack: [{ ok: true }], member: [left], leaver: false, hearsTheRoom: false },
    came: async () => {
      const member = await wire.visitor(namespace)
      await member.call('join', { username: wire.token(), room })
      await leaver.call('join', { username, room })
      const ack = await leaver.call('leave', { username, room })
      const isLeft = ([text]: readonly unknown[]) => text === left
      const data = wire.token()
      const heard = await member.hears('message', isLeft)
      await member.call('room_message', { room, data })
      return {
        ack,
        member: heard,
        leaver: await leaver.hasHeard('message', isLeft),
        hearsTheRoom: await leaver.hasHeard('my response', ([x]) => x === data),
      }
    },
  }
}

const reachesMembersOnly: Check = async (wire, namespace) => {
  const sender = await wire.peer(namespace)
  const room = wire.token()
  const data = { token: wire.token() }
  return {
    expected: { ack: [{ ok: true }], member: [data], other: [data], stranger: 0, sender: 0 },
    came: async () => {
      const [member, other] = await both(wire, namespace)
      const stranger = await wire.visitor(namespace)
      for (const one of [member, other]) await one.call('join', { username: wire.token(), room })
      const ack = await sender.call('room_message', { room, data })
      const isIt = ([x]: readonly unknown[]) => (x as { token?: unknown } | null)?.token === data.token
      return {
        ack,
        member: await member.hears('my response', isIt),
        other: await other.hears('my response', isIt),
        stranger: Number(await stranger.hasHeard('my response', isIt)),
        sender: Number(await sender.hasHeard('my response', isIt)),
      }
    },
  }
}

const isItsOwnRoom: Check = async (wire, namespace) => {
  const sender = await wire.peer(namespace)
  const data = wire.token()
  return {
    expected: { owner: [data], sender: false },
    came: async () => {
      const owner = await wire.visitor(namespace)
      await sender.call('room_message', { room: owner.id, data })
      const isIt = ([x]: readonly unknown[]) => x === data
      return {
        owner: await owner.hears('my response', isIt),
        sender: await sender.hasHeard('my response', isIt),
      }
    },
  }
}

async function both(wire: Wire, namespace: '/' | '/test'): Promise<[Peer, Peer]> {
  return [await wire.visitor(namespace), await wire.visitor(namespace)]
}

export const rooms = {
  join: joins,
  leave: leaves,
  room_message: reachesMembersOnly,
  'the personal room': isItsOwnRoom,
} satisfies Checks
