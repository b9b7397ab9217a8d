import { language } from '../../i18n/language.svelte'
import { en, type Texts } from './en'
import { zh } from './zh'

/** The texts of the wire check, which come with it and not with the page. */
export const texts = {
  get t(): Texts {
    return language.code === 'zh' ? zh : en
  },

  /** What a row is called; names of events are the same in every language. */
  row(name: string): string {
    return this.t.names[name] ?? name
  },
}
