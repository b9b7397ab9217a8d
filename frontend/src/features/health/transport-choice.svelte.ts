import { stored } from '../../ui/stored'

export type TransportChoice = 'auto' | 'websocket' | 'polling'

const KEY = 'crosstalk.transport'

class Transport {
  choice = $state<TransportChoice>(chosen())

  get transports(): readonly ('polling' | 'websocket')[] | null {
    return this.choice === 'auto' ? null : [this.choice]
  }

  /** Whether it was chosen just now: the new connection is then shown where the old one was looked at. */
  fresh = false

  choose(choice: TransportChoice): void {
    stored.set(KEY, choice)
    this.fresh = true
    this.choice = choice
  }
}

function chosen(): TransportChoice {
  const value = stored.get(KEY)
  return value === 'websocket' || value === 'polling' ? value : 'auto'
}

export const transportChoice = new Transport()
