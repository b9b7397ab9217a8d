import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STARTED_WITHIN_MS = 50_000

/** A real API on a port and a database of its own, which can be killed and started again. */
export class Server {
  readonly url: string
  readonly #port: number
  readonly #folder: string
  readonly #settings: Record<string, string>
  #process: ChildProcess | null = null
  #log = ''

  private constructor(port: number, folder: string, settings: Record<string, string>) {
    this.url = `http://localhost:${port}`
    this.#port = port
    this.#folder = folder
    this.#settings = settings
  }

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server(await freePort(), await mkdtemp(join(tmpdir(), 'crosstalk-client-')), settings)
    try {
      await server.start()
    } catch (failure) {
      await server.stop()
      throw failure
    }
    return server
  }

  /** On the same port and the same database as before. */
  async start(): Promise<void> {
    this.#process = this.#run('serve')
    await this.#answering(this.#process)
  }

  /** Kills the server and starts it again with another epoch, as after a backup was restored. */
  async restartWithNewEpoch(): Promise<void> {
    await this.kill()
    const command = this.#run('new-epoch')
    await once(command, 'exit')
    if (command.exitCode !== 0) throw new Error(`new-epoch ended with ${command.exitCode}:\n${this.#log}`)
    await this.start()
  }

  #run(command: 'serve' | 'new-epoch'): ChildProcess {
    const child = spawn(join(ROOT, '.venv/bin/crosstalk'), [command], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CROSSTALK_ENV: 'development',
        CROSSTALK_PORT: String(this.#port),
        CROSSTALK_PUBLIC_URL: this.url,
        CROSSTALK_DATABASE_URL: `sqlite:///${join(this.#folder, 'crosstalk.db')}`,
        CROSSTALK_ALLOWED_ORIGINS: 'http://localhost:5173',
        CROSSTALK_RATE_LIMITS: 'off',
        ...this.#settings,
      },
    })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => (this.#log += String(text)))
    return child
  }

  /** As by a power cut: nothing is told to anybody. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    // The client gets over a fault of the server; whoever runs the tests should hear of it all the same.
    const faults = this.#log.split('\n').filter((line) => line.includes('internal error'))
    if (faults.length > 0) console.error(`The API had faults:\n${faults.join('\n')}`)
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  async #answering(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + STARTED_WITHIN_MS
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`The API ended with ${child.exitCode}:\n${this.#log}`)
      // Not yet listening is what is waited for here.
      const answer = await fetch(`${this.url}/healthz`).catch(() => null)
      if (answer?.ok === true) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`The API does not respond on ${this.url}:\n${this.#log}`)
  }
}

/** Above the ports that `fetch` refuses, and free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('There is no free port.')
  return address.port
}
