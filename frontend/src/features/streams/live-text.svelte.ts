import type { LiveStream, LiveStreamState } from '../../client'
import { language } from '../../i18n/language.svelte'
import { announcer } from '../../ui/announcer.svelte'
import { screen } from '../../ui/screen.svelte'
import { cut, Reveal } from './reveal'
import { sentenceBegun, Sentences, spoken } from './sentences'

/** How often a live text may be heard. */
const HEARD_EVERY_MS = 2500

/** A live text on the screen: followed, shown evenly, heard in sentences. */
export class LiveText {
  state: LiveStreamState
  shown = $state('')
  #reveal: Reveal | null = null
  #sentences: Sentences | null = null
  #heardAt = 0
  #frame = 0

  constructor(readonly stream: LiveStream) {
    this.state = $state.raw(stream.get())
  }

  /** Follows it until the returned function is called. */
  follow(): () => void {
    const detach = this.stream.attach()
    const stop = this.stream.subscribe((state) => this.#changed(state))
    return () => {
      cancelAnimationFrame(this.#frame)
      stop()
      detach()
    }
  }

  #changed(state: LiveStreamState): void {
    const now = performance.now()
    this.state = state
    // The first text that is here was written before somebody looked.
    if (!this.#reveal && !state.missing) {
      this.#reveal = new Reveal(state.end)
      const before = state.state === 'open' ? sentenceBegun(language.locale, state.text) : state.end
      this.#sentences = new Sentences(language.locale, before)
    }
    this.#reveal?.reached(state.text.length, now)
    this.#speak(now)
    // A frame that was asked for before would show less again than what is shown now.
    cancelAnimationFrame(this.#frame)
    // Without frames, or without a wish for movement, pieces are shown as they come.
    if (!this.#reveal || document.hidden || screen.still || state.state !== 'open') this.shown = state.text
    else this.#draw()
  }

  #draw = (): void => {
    const { text } = this.state
    if (!this.#reveal) return
    this.shown = cut(text, this.#reveal.at(performance.now()))
    if (!this.#reveal.done) this.#frame = requestAnimationFrame(this.#draw)
  }

  #speak(now: number): void {
    const ended = this.state.state !== 'open'
    if (!ended && now - this.#heardAt < HEARD_EVERY_MS) return
    const sentences = this.#sentences?.next(this.state.text, ended) ?? []
    const words = this.state.content_type === 'text/markdown' ? sentences.map(spoken) : sentences
    if (!words.some(Boolean)) return
    this.#heardAt = now
    announcer.say(words.filter(Boolean).join(' '))
  }
}
