import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net'

/** A network between one client and a server: it can be cut, or swallow everything without closing anything. */
export class Network {
  readonly url: string
  readonly #listener: Listener
  readonly #sockets = new Set<Socket>()
  #state: 'up' | 'down' | 'silent' | 'requests only' = 'up'

  private constructor(listener: Listener) {
    this.#listener = listener
    this.url = `http://localhost:${(listener.address() as AddressInfo).port}`
  }

  static async to(server: { url: string }): Promise<Network> {
    const listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const network = new Network(listener)
    const port = Number(new URL(server.url).port)
    listener.on('connection', (near) => network.#join(near, connect(port, '127.0.0.1')))
    return network
  }

  /** Closes every connection, and each new one, until `up()`. */
  down(): void {
    this.#state = 'down'
    this.#closeAll()
  }

  /** Passes nothing on any more. Connections stay open, and new ones open. */
  silent(): void {
    this.#state = 'silent'
  }

  /** Closes every connection, and each new one that is for Socket.IO: REST goes on. */
  requestsOnly(): void {
    this.#state = 'requests only'
    this.#closeAll()
  }

  /** New connections are passed on again; those that were cut or silent are closed. */
  up(): void {
    this.#state = 'up'
    this.#closeAll()
  }

  stop(): void {
    this.#listener.close()
    this.#closeAll()
  }

  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      // A reset is an end like any other here.
      socket.on('error', () => undefined)
    }
    if (this.#state === 'down') {
      near.destroy()
      far.destroy()
    }
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (bytes) => {
        if (this.#state === 'requests only' && bytes.includes('/socket.io/')) from.destroy()
        else if (this.#state !== 'silent') to.write(bytes)
      })
      from.on('close', () => to.destroy())
    }
    pass(near, far)
    pass(far, near)
  }

  #closeAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
