import type { Message, StreamReceipt, TextSource } from './contract/schemas.ts'
import { asCrosstalkError } from './errors.ts'
import { newId } from './new-id.ts'
import { type Observable, until } from './observable.ts'
import { pauseMs } from './pauses.ts'
import { type Lease, Producer } from './producer.ts'
import type { ConnectionState, StreamProducer, Streams as StreamsSurface } from './surface.ts'
import type { CommandInput, CommandName, CommandResult, Commands, ContentType } from './wire.ts'

const PAUSES = { firstMs: 200, mostMs: 5_000 }
/** A fault of the server may pass as well, but not for ever. */
const FAULTS_AT_MOST = 3

/** Opening, writing and stopping streams. Each of these commands may be repeated without harm, so each is. */
export class Streams implements StreamsSurface {
  readonly #commands: Commands
  readonly #connection: Observable<ConnectionState>
  readonly #random: () => number
  readonly #producers = new Set<StreamProducer>()

  constructor(commands: Commands, connection: Observable<ConnectionState>, random: () => number) {
    this.#commands = commands
    this.#connection = connection
    this.#random = random
  }

  async open(roomId: string, stream: { contentType: ContentType; source: TextSource }): Promise<Message> {
    const { contentType: content_type, source } = stream
    const input = { room_id: roomId, client_id: newId(), content_type, source }
    return (await this.#insist('stream:open', input)).message
  }

  async produce(roomId: string, stream: { contentType: ContentType }): Promise<StreamProducer> {
    const input = { room_id: roomId, client_id: newId(), content_type: stream.contentType }
    return this.#producer(await this.#insist('stream:open', input), 0)
  }

  async continue(streamId: string): Promise<StreamProducer> {
    const continued = await this.#insist('stream:continue', { stream_id: streamId })
    return this.#producer(continued, continued.offset)
  }

  stop(streamId: string, reason?: string): Promise<StreamReceipt> {
    return this.#insist('stream:stop', { stream_id: streamId, ...(reason === undefined ? {} : { reason }) })
  }

  /** Nobody is signed in any more: what was being written here is not any longer. */
  reset(): void {
    for (const producer of this.#producers) producer.abandon()
    this.#producers.clear()
  }

  #producer(lease: Lease, offset: number): StreamProducer {
    const producer = new Producer(lease, offset, {
      append: (input) => this.#insist('stream:append', input),
      finish: (input) => this.#insist('stream:finish', input),
      renew: (input) => this.#commands.command('stream:renew', input),
    })
    this.#producers.add(producer)
    return producer
  }

  /** Again after every failure that passes by itself, for as long as somebody is signed in. */
  async #insist<C extends CommandName>(name: C, input: CommandInput<C>): Promise<CommandResult<C>> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#commands.command(name, input)
      } catch (thrown) {
        const error = asCrosstalkError(thrown)
        const fault = error.code === 'internal' && failures <= FAULTS_AT_MOST
        if (!(error.passing || fault) || this.#connection.get().phase === 'ended') throw error
        const pause = Math.max(pauseMs(failures, this.#random, PAUSES), (error.retryAfter ?? 0) * 1000)
        await new Promise((resolve) => setTimeout(resolve, pause))
        await until(this.#connection, ({ phase }) => phase === 'online' || phase === 'ended')
      }
    }
  }
}
