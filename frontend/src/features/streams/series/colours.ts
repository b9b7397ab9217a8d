/** Tokens as a canvas needs them: one colour each, as it is in the theme of now. */
export class Colours {
  readonly #known = new Map<string, string>()
  readonly #probe: HTMLElement
  readonly #dark = matchMedia('(prefers-color-scheme: dark)')
  readonly #again = () => this.again()
  readonly #changed: () => void

  /** `changed` is told when the theme is another one, or the system goes from light to dark or back. */
  constructor(inside: HTMLElement, changed: () => void) {
    this.#probe = document.createElement('i')
    this.#probe.hidden = true
    inside.append(this.#probe)
    this.#changed = changed
    this.#dark.addEventListener('change', this.#again)
  }

  of(token: string): string {
    let colour = this.#known.get(token)
    if (colour === undefined) {
      this.#probe.style.color = `var(${token})`
      this.#known.set(token, (colour = getComputedStyle(this.#probe).color))
    }
    return colour
  }

  /** The theme may be another one now. */
  again(): void {
    this.#known.clear()
    this.#changed()
  }

  forget(): void {
    this.#dark.removeEventListener('change', this.#again)
    this.#probe.remove()
  }
}
