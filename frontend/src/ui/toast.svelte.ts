import { announcer } from './announcer.svelte'

const SHOWN_MS = 6000

interface Action {
  readonly label: string
  readonly run: () => void
}

class Toast {
  text = $state('')
  /** A button beside the text. */
  action = $state.raw<Action | null>(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Shows a text for some seconds; one with an action stays until another replaces it. */
  show(text: string, action: Action | null = null): void {
    clearTimeout(this.#timer)
    this.text = text
    this.action = action
    announcer.say(text)
    if (!action) this.#timer = setTimeout(() => (this.text = ''), SHOWN_MS)
  }
}

export const toast = new Toast()
