export type TransportChoice = 'auto' | 'websocket' | 'polling'

const KEY = 'crosstalk.transport'

class Transport {
  choice = $state<TransportChoice>(stored())

  get transports(): readonly ('polling' | 'websocket')[] | null {
    return this.choice === 'auto' ? null : [this.choice]
  }

  /** Whether it was chosen just now: the new connection is then shown where the old one was looked at. */
  fresh = false

  choose(choice: TransportChoice): void {
    localStorage.setItem(KEY, choice)
    this.fresh = true
    this.choice = choice
  }
}

function stored(): TransportChoice {
  const value = localStorage.getItem(KEY)
  return value === 'websocket' || value === 'polling' ? value : 'auto'
}

export const transportChoice = new Transport()
