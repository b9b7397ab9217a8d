import type { Timeline } from '../../client'
import { language } from '../../i18n/language.svelte'
import { announcer } from '../../ui/announcer.svelte'
import { newestSeq } from './newest'

/** A long text is not read out whole before the next one. */
const HEARD = 300

/** Says new messages of others, and only those that came since. Live texts speak for themselves. */
export class Hearing {
  #seq: number

  constructor(
    readonly timeline: Timeline,
    readonly me: string,
  ) {
    this.#seq = newestSeq(timeline)
  }

  changed(): void {
    const { t } = language
    const after = this.#seq
    this.#seq = Math.max(after, newestSeq(this.timeline))
    for (let i = this.timeline.indexOfSeq(after + 1); i < this.timeline.length; i++) {
      const item = this.timeline.at(i)
      if (!item?.message || item.author.id === this.me) continue
      const series = item.message?.stream?.content_type === 'application/json'
      const began = series ? t.stream.seriesBegan : t.stream.began
      const text = item.kind === 'stream' ? began(item.author.name) : null
      announcer.say(
        text ?? t.common.labelled(item.author.name, (item.text ?? '').slice(0, HEARD)),
        t.message.arrived,
      )
    }
  }
}
