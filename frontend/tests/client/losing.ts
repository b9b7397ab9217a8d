import { Socket } from 'socket.io-client'

type Take = (this: unknown, packet: { data?: unknown }) => void
type Incoming = Record<'onevent' | 'onack', Take>

/** Events and acks that match get lost on their way in, on every socket of this process, until the returned function is called. */
export function losing(matches: (packet: string) => boolean): () => void {
  // The two places through which all of them come; they are private, so the type has to be told.
  const incoming = Socket.prototype as unknown as Incoming
  const { onevent, onack } = incoming
  const unlessLost = (take: Take): Take =>
    function (packet) {
      if (!matches(JSON.stringify(packet.data ?? null))) take.call(this, packet)
    }
  incoming.onevent = unlessLost(onevent)
  incoming.onack = unlessLost(onack)
  return () => void Object.assign(incoming, { onevent, onack })
}
