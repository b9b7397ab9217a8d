import { stored } from '../ui/stored'
import { en, type Messages } from './en'

export const languages = { en: 'English', zh: '简体中文' } as const
export type Code = keyof typeof languages

const KEY = 'crosstalk.language'
const locales: Record<Code, string> = { en: 'en-GB', zh: 'zh-CN' }

/** Pauses between attempts to load a language, in milliseconds. The last one repeats. */
const PAUSES_MS = [500, 2_000, 10_000, 60_000]

const isCode = (value: string | null | undefined): value is Code => value === 'en' || value === 'zh'

function preferred(): Code {
  const chosen = stored.get(KEY)
  if (isCode(chosen)) return chosen
  for (const wish of navigator.languages) {
    const code = wish.slice(0, 2).toLowerCase()
    if (isCode(code)) return code
  }
  return 'en'
}

/** English is part of the page; every other language is fetched when it is wanted. */
class Language {
  code = $state<Code>('en')
  t = $state.raw<Messages>(en)

  /** What Intl is asked with: the browser's own regional form when it has one of this language. */
  get locale(): string {
    const own = navigator.languages.find((wish) => wish.toLowerCase().startsWith(this.code))
    return own ?? locales[this.code]
  }

  /** The code that is wanted: another choice ends the attempts to load this one. */
  #wanted: Code = 'en'

  /** Shows the preferred language as soon as it has loaded, and until then the one that is there. */
  start(): void {
    void this.#load(preferred())
  }

  async choose(code: Code): Promise<void> {
    stored.set(KEY, code)
    await this.#load(code)
  }

  async #load(code: Code): Promise<void> {
    this.#wanted = code
    for (let attempt = 0; this.#wanted === code; attempt++) {
      try {
        return this.#show(code, code === 'zh' ? (await import('./zh')).zh : en)
      } catch {
        // The file cannot be loaded: no network, or a new deployment without this file.
        const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)]
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  }

  #show(code: Code, texts: Messages): void {
    if (this.#wanted !== code) return
    this.t = texts
    this.code = code
    document.documentElement.lang = code === 'zh' ? 'zh-Hans' : 'en'
  }
}

export const language = new Language()
