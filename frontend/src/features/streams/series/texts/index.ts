import { language } from '../../../../i18n/language.svelte'
import { en, type Texts } from './en'
import { zh } from './zh'

/** The texts of a series, which come with it and not with the page. */
export const texts = {
  get t(): Texts {
    return language.code === 'zh' ? zh : en
  },

  /** What a line is called; the only number of an item without names is its value, in every language. */
  line(name: string): string {
    return name === 'value' ? this.t.value : name
  },
}
