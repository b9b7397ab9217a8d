import { createContext } from 'svelte'
import { createClient, CrosstalkError, indexedDbOutboxStore, type Client } from './client'
import { localTokenStore } from './features/accounts/token-store'
import { drafts } from './features/messages/drafts'
import { transportChoice } from './features/health/transport-choice.svelte'
import { OpenRooms } from './features/rooms/open-rooms.svelte'
import { explain } from './i18n/explain'
import { language } from './i18n/language.svelte'
import { NotLoaded, showNotLoaded } from './ui/later.svelte'
import { observed } from './ui/observed'
import { toast } from './ui/toast.svelte'

/** Everything that one client brings to the screen. Choosing another transport makes a new one. */
export class Page {
  readonly client: Client
  readonly session
  readonly connection
  readonly server
  readonly rooms
  readonly publicRooms
  readonly morePublicRooms
  readonly outbox
  readonly open: OpenRooms

  constructor(readonly api: string) {
    const transports = transportChoice.transports
    this.client = createClient({
      url: api,
      tokens: localTokenStore(),
      outboxStore: indexedDbOutboxStore(),
      ...(navigator.locks && { lock: (name, work) => navigator.locks.request(name, work) }),
      ...(transports && { transports }),
    })
    this.session = observed(this.client.session)
    this.connection = observed(this.client.connection)
    this.server = observed(this.client.server)
    this.rooms = observed(this.client.rooms.mine)
    this.publicRooms = observed(this.client.rooms.listing)
    this.morePublicRooms = observed(this.client.rooms.more)
    this.outbox = observed(this.client.outbox.entries)
    this.open = new OpenRooms(this.client)
    let user: string | null = null
    this.client.session.subscribe((now) => {
      // A session that the server ended may be taken up again; one that the person ended may not.
      if (now.state === 'signed-out' && user !== null) drafts.forget(user)
      user = now.user?.id ?? null
    })
  }

  /** Who is signed in. Only asked for on screens that nobody else sees. */
  get me() {
    const { user } = this.session.current
    if (!user) throw new Error('nobody is signed in')
    return user
  }

  /** Shows an error that no field and no pane shows. An error that a reconnect repairs is in the status already. */
  readonly heard = (error: unknown): void => {
    if (error instanceof NotLoaded) showNotLoaded()
    else if (!(error instanceof CrosstalkError)) {
      toast.show(language.t.errors.page)
      reportError(error)
    } else if (!error.passing) toast.show(explain(error))
  }

  /** How many changes of open rooms are not here yet, and how many of mine are not there. */
  get behind(): number {
    return this.open.behind
  }

  get unsent(): number {
    return this.outbox.current.length
  }

  close(): void {
    this.open.close()
    this.client.close()
  }
}

export const [usePage, providePage] = createContext<Page>()
