import { en, type Messages } from './en'

export const languages = { en: 'English', zh: '简体中文' } as const
export type Code = keyof typeof languages

const KEY = 'crosstalk.language'
const locales: Record<Code, string> = { en: 'en-GB', zh: 'zh-CN' }

const isCode = (value: string | null | undefined): value is Code => value === 'en' || value === 'zh'

function preferred(): Code {
  const stored = localStorage.getItem(KEY)
  if (isCode(stored)) return stored
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

  async start(): Promise<void> {
    await this.#show(preferred())
  }

  async choose(code: Code): Promise<void> {
    localStorage.setItem(KEY, code)
    await this.#show(code)
  }

  async #show(code: Code): Promise<void> {
    this.t = code === 'zh' ? (await import('./zh')).zh : en
    this.code = code
    document.documentElement.lang = code === 'zh' ? 'zh-Hans' : 'en'
  }
}

export const language = new Language()
