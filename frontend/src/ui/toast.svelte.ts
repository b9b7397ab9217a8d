import { announcer } from './announcer.svelte'

const SHOWN_MS = 6000

class Toast {
  text = $state('')
  #timer: ReturnType<typeof setTimeout> | undefined

  show(text: string): void {
    clearTimeout(this.#timer)
    this.text = text
    announcer.say(text)
    this.#timer = setTimeout(() => (this.text = ''), SHOWN_MS)
  }
}

export const toast = new Toast()
