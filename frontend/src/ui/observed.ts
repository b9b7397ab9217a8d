import { createSubscriber } from 'svelte/reactivity'

interface Source<T> {
  get(): T
  subscribe(listener: (value: T) => void): () => void
}

/** Something of the client as state: read `current` in a component and it stays so. */
export interface Observed<T> {
  readonly current: T
}

export function observed<T>(source: Source<T>): Observed<T> {
  const follow = createSubscriber((update) => {
    // The first call comes at once, with what the reader is just about to read.
    let told = false
    return source.subscribe(() => {
      if (told) update()
      told = true
    })
  })
  return {
    get current() {
      follow()
      return source.get()
    },
  }
}
