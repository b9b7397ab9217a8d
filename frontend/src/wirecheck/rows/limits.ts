import type { Check, Checks } from './row.ts'
import { pick } from './values.ts'
import { transportOf, type Wire } from './wire.ts'
import type { Peer } from './peer.ts'

/** Beyond the ping interval: the server must have asked whether anybody is there, and the client have said so. */
const IDLE_MS = 9_000
const BATCH = 200
const FLOOD = 4_000

const staysWhenIdle: Check = async (wire, namespace) => {
  const peer = await wire.visitor(namespace)
  if (wire.target.transport === 'upgrade') await wire.upgraded(peer)
  const token = wire.token()
  const over = transportOf(peer)
  return {
    expected: { 'my response': [token], ack: ['one', 2], over },
    came: async () => {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      const ack = await peer.call('my event', token)
      return { 'my response': await peer.response([token]), ack, over: transportOf(peer) }
    },
  }
}

const isCutWhenItFloods: Check = async (wire, namespace) => {
  const peer = await wire.visitor(namespace)
  if (wire.target.transport === 'upgrade') await wire.upgraded(peer)
  return {
    expected: { 'session:ended': { reason: 'flood' }, cut: true, others: ['one', 2] },
    came: async () => {
      await flood(wire, peer)
      await peer.ends()
      const [told] = await peer.hears('session:ended')
      // Nobody else is to suffer for it.
      const others = await (await wire.peer(namespace)).call('my event', wire.token())
      return { 'session:ended': pick(told, 'reason'), cut: !peer.connected, others }
    },
  }
}

/** As fast as the transport takes it, but never more at once than one polling request may hold. */
async function flood(wire: Wire, peer: Peer): Promise<void> {
  const { engine } = peer.socket.io
  const deadline = performance.now() + wire.timeoutMs
  for (let sent = 0; sent < FLOOD && peer.connected && performance.now() < deadline; sent += BATCH) {
    const drained = new Promise<void>((resolve) => {
      engine.once('drain', () => resolve())
      peer.socket.once('disconnect', () => resolve())
    })
    for (let n = 0; n < BATCH; n++) peer.emit('stop_stream')
    await drained
  }
}

/** Only on request: they take their time, or use up what others may want to use. */
export const limits = {
  'idle for 9 s': staysWhenIdle,
  'disconnects a flooding client': isCutWhenItFloods,
} satisfies Checks
