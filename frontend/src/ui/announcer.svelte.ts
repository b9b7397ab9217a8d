/** How long the voice rests between two announcements: what comes meanwhile is told together. */
const REST_MS = 1500

/** What a screen reader is told politely. One voice for the whole page, so that nothing talks over itself. */
class Announcer {
  text = $state('')
  #waiting: string[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #summary: ((n: number) => string) | undefined

  /** Says it, or, when many wait, says only how many with `summary`. */
  say(text: string, summary?: (n: number) => string): void {
    this.#waiting.push(text)
    this.#summary = summary
    this.#timer ??= setTimeout(() => this.#speak(), 150)
  }

  #speak(): void {
    const waiting = this.#waiting.splice(0)
    this.text = waiting.length > 3 && this.#summary ? this.#summary(waiting.length) : waiting.join('\n')
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.text = ''
      if (this.#waiting.length > 0) this.#speak()
    }, REST_MS)
  }
}

export const announcer = new Announcer()
