import { createSubscriber } from 'svelte/reactivity'
import type { Log } from './log'

/** The log as state; however much comes, it is looked at once a picture. */
export function followed(log: Log): { readonly log: Log } {
  const follow = createSubscriber((update) => {
    let frame: number | null = null
    const unsubscribe = log.subscribe(() => {
      frame ??= requestAnimationFrame(() => {
        frame = null
        update()
      })
    })
    return () => {
      unsubscribe()
      if (frame !== null) cancelAnimationFrame(frame)
    }
  })
  return {
    get log() {
      follow()
      return log
    },
  }
}
