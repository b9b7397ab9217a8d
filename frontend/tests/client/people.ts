import { vi } from 'vitest'
import { createClient, type Client } from '../../src/client/client.ts'
import type { ClientOptions, Observable, Room, TimelineItem, User } from '../../src/client/index.ts'
import { until } from '../../src/client/observable.ts'
import { Network } from '../network.ts'
import type { Server } from '../server.ts'

// A real server on a busy machine takes its time; a state that never comes is what these tests fail by.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const clients: Client[] = []
const networks: Network[] = []

export interface Person {
  readonly client: Client
  readonly user: User
}

/** A person whose client has a network of its own, and is told what a browser would tell it. */
export interface Traveller extends Person {
  readonly network: Network
  /** Returns when the client has lost its connection. */
  goOffline(): Promise<void>
  goOnline(): void
}

/** A client that `closeAll` will close. */
export function client(server: Pick<Server, 'url'>, options: Partial<ClientOptions> = {}): Client {
  const made = createClient({ url: server.url, commandTimeoutMs: 5_000, ...options })
  clients.push(made)
  return made
}

/** A guest whose client is online. */
export async function guest(
  server: Pick<Server, 'url'>,
  name: string,
  options: Partial<ClientOptions> = {},
): Promise<Person> {
  const made = client(server, options)
  await made.start()
  const user = await made.session.enterAsGuest(name)
  await online(made)
  return { client: made, user }
}

/** A guest with a network of its own. */
export async function traveller(
  server: Server,
  name: string,
  options: Partial<ClientOptions> = {},
): Promise<Traveller> {
  const network = await Network.to(server)
  networks.push(network)
  const person = await guest(network, name, options)
  return {
    ...person,
    network,
    goOffline: async () => {
      network.down()
      person.client.networkChanged(false)
      await until(person.client.connection, ({ phase }) => phase !== 'online')
    },
    goOnline: () => {
      network.up()
      person.client.networkChanged(true)
    },
  }
}

export function closeAll(): void {
  for (const made of clients.splice(0)) made.close()
  for (const network of networks.splice(0)) network.stop()
}

export async function online(made: Client): Promise<void> {
  await until(made.connection, ({ phase }) => phase === 'online')
}

/** The room, joined and whole. */
export async function enter({ client }: Person, roomId: string): Promise<Room> {
  await client.rooms.join(roomId)
  const room = client.openRoom(roomId)
  await live(room)
  return room
}

export async function live(room: Room): Promise<void> {
  await until(room.state, ({ phase, behind }) => phase === 'live' && behind === 0)
}

/** A public room of ann's with both in it. */
export async function together(ann: Person, bob: Person): Promise<[Room, Room]> {
  const { id } = await ann.client.rooms.create(`room ${crypto.randomUUID()}`, 'public')
  return [await enter(ann, id), await enter(bob, id)]
}

export function texts(room: Room): (string | null)[] {
  return room.timeline.slice().map(({ text }) => text)
}

/** Waits until the timeline looks as wanted; the test's own time limit tells when it never does. */
export async function shows(room: Room, passes: (items: TimelineItem[]) => boolean): Promise<void> {
  await until(room.timeline.version, () => passes(room.timeline.slice()))
}

/** Waits for so many messages, all in the room's log. */
export async function showsSent(room: Room, count: number): Promise<void> {
  await shows(room, (items) => items.length >= count && items.every(({ message }) => message !== null))
}

/** Every value from now on. */
export function history<T>(source: Observable<T>): T[] {
  const values: T[] = []
  source.subscribe((value) => values.push(value))
  return values
}
