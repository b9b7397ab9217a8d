import { once } from 'node:events'
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestOptions,
  type Server as Http,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A proxy that serves an API below a path and takes the path off, as `proxy_pass http://api/;` of nginx does. */
export class BelowAPath {
  /** Every address that was asked for and is not below the path. */
  readonly astray: string[] = []
  readonly url: string
  readonly #http: Http
  readonly #sockets = new Set<Socket>()

  private constructor(http: Http, path: string) {
    this.#http = http
    http.on('connection', (socket) => this.#sockets.add(socket))
    this.url = `http://localhost:${(http.address() as AddressInfo).port}${path}`
  }

  static async start(api: string, path: string): Promise<BelowAPath> {
    const http = createServer()
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const proxy = new BelowAPath(http, path)
    const forward = (asked: IncomingMessage): RequestOptions | null => {
      const address = asked.url ?? ''
      if (!address.startsWith(`${path}/`)) {
        proxy.astray.push(address)
        return null
      }
      const { hostname, port } = new URL(api)
      const { method, headers } = asked
      return { hostname, port, method, headers, path: address.slice(path.length), family: 4 }
    }
    http.on('request', (asked, answer) => {
      const options = forward(asked)
      if (options === null) return answer.writeHead(404).end()
      const passedOn = request(options, (given) => {
        answer.writeHead(given.statusCode ?? 502, given.rawHeaders)
        given.pipe(answer)
      })
      passedOn.on('error', () => answer.destroy())
      answer.on('close', () => passedOn.destroy())
      asked.pipe(passedOn)
      return undefined
    })
    http.on('upgrade', (asked, socket, first) => {
      const options = forward(asked)
      if (options === null) return socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      const passedOn = request(options)
      passedOn.on('upgrade', (given, other, answered) => {
        const headers = given.rawHeaders.flatMap((one, i, all) =>
          i % 2 ? [] : [`${one}: ${all[i + 1] ?? ''}`],
        )
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\n`)
        socket.on('error', () => other.destroy())
        other.on('error', () => socket.destroy())
        other.write(first)
        socket.write(answered)
        socket.pipe(other).pipe(socket)
      })
      passedOn.on('response', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
      passedOn.on('error', () => socket.destroy())
      passedOn.end()
      return undefined
    })
    return proxy
  }

  async stop(): Promise<void> {
    this.#http.close()
    this.#http.closeAllConnections()
    // Connections that were upgraded are not the server's any more.
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#http, 'close')
  }
}
