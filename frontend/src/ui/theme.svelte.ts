import { stored } from './stored'

export type ThemeChoice = 'system' | 'light' | 'dark'

const KEY = 'crosstalk.theme'

class Theme {
  choice = $state<ThemeChoice>('system')

  start(): void {
    const choice = stored.get(KEY)
    this.#show(choice === 'light' || choice === 'dark' ? choice : 'system')
  }

  choose(choice: ThemeChoice): void {
    stored.set(KEY, choice)
    this.#show(choice)
  }

  #show(choice: ThemeChoice): void {
    this.choice = choice
    const root = document.documentElement
    if (choice === 'system') delete root.dataset.theme
    else root.dataset.theme = choice
  }
}

export const theme = new Theme()
