import { Socket } from 'socket.io-client'

type Take = (this: unknown, packet: { data?: unknown }) => void
type Incoming = Record<'onevent' | 'onack', Take>

// The two places through which all events and acks come; they are private, so the type has to be told.
const incoming = Socket.prototype as unknown as Incoming
const whole = { onevent: incoming.onevent, onack: incoming.onack }
let lastSocket: unknown = null
const hears = (socket: unknown) => void (lastSocket = socket)

/** Events and acks that match get lost on their way in, on every socket of this process, until the returned function is called. */
export function losing(matches: (packet: string) => boolean): () => void {
  const unlessLost = (take: Take): Take =>
    function (packet) {
      hears(this)
      if (!matches(JSON.stringify(packet.data ?? null))) take.call(this, packet)
    }
  incoming.onevent = unlessLost(whole.onevent)
  incoming.onack = unlessLost(whole.onack)
  return () => void Object.assign(incoming, whole)
}

/** As if the server had told it to the socket that last heard something while `losing`. */
export function tell(event: string, payload: unknown): void {
  whole.onevent.call(lastSocket, { data: [event, payload] })
}
