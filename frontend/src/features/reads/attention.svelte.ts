import { createSubscriber } from 'svelte/reactivity'
import { on } from 'svelte/events'

const follow = createSubscriber((update) => {
  const ends = [
    on(window, 'focus', update),
    on(window, 'blur', update),
    on(document, 'visibilitychange', update),
  ]
  return () => ends.forEach((end) => end())
})

/** Whether somebody looks at this page: it is in front, and has the focus. */
export const attention = {
  get here(): boolean {
    follow()
    return document.visibilityState === 'visible' && document.hasFocus()
  },
}
