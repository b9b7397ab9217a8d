import { createSubscriber } from 'svelte/reactivity'

const follow = createSubscriber((update) => {
  const timer = setInterval(update, 500)
  return () => clearInterval(timer)
})

/** The time as state; it ticks twice a second, and only while somebody looks. */
export const now = {
  get current(): number {
    follow()
    return Date.now()
  },
}
