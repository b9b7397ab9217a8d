export type TransportChoice = 'auto' | 'websocket' | 'polling'

const KEY = 'crosstalk.transport'

class Transport {
  choice = $state<TransportChoice>(stored())

  get transports(): readonly ('polling' | 'websocket')[] | null {
    return this.choice === 'auto' ? null : [this.choice]
  }

  choose(choice: TransportChoice): void {
    localStorage.setItem(KEY, choice)
    this.choice = choice
  }
}

function stored(): TransportChoice {
  const value = localStorage.getItem(KEY)
  return value === 'websocket' || value === 'polling' ? value : 'auto'
}

export const transportChoice = new Transport()
