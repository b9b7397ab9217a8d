export type ThemeChoice = 'system' | 'light' | 'dark'

const KEY = 'crosstalk.theme'

class Theme {
  choice = $state<ThemeChoice>('system')

  start(): void {
    const stored = localStorage.getItem(KEY)
    this.#show(stored === 'light' || stored === 'dark' ? stored : 'system')
  }

  choose(choice: ThemeChoice): void {
    localStorage.setItem(KEY, choice)
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
