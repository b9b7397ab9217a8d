import { CrosstalkError, type ErrorCode } from '../client'
import { explain, problemsOf } from '../i18n/explain'
import { language } from '../i18n/language.svelte'

/** What became of a form that was sent: busy, refused at its fields, or refused altogether. */
export class Refusal {
  busy = $state(false)
  code = $state<ErrorCode | null>(null)
  fields = $state<Record<string, string>>({})
  /** Seconds to wait, when the refusal says so. */
  retryAfter = $state<number | null>(null)
  /** What concerns no field of its own. */
  text = $state('')

  /** False, with a word at every empty one, when something is not filled in. */
  require(values: Record<string, string>): boolean {
    this.#clear()
    for (const [field, value] of Object.entries(values)) {
      if (!value.trim()) this.fields[field] = language.t.errors.required
    }
    return Object.keys(this.fields).length === 0
  }

  at(field: string, words: string): void {
    this.fields = { [field]: words }
    this.text = ''
  }

  /** Resolves with what `work` gives, or with undefined when it was refused. */
  async during<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined
    this.#clear()
    this.busy = true
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof CrosstalkError)) throw error
      this.code = error.code
      this.retryAfter = error.retryAfter
      this.fields = problemsOf(error)
      this.text = Object.keys(this.fields).length > 0 ? '' : explain(error)
      return undefined
    } finally {
      this.busy = false
    }
  }

  #clear(): void {
    this.code = null
    this.retryAfter = null
    this.fields = {}
    this.text = ''
  }
}
