export type Unsubscribe = () => void

/** A value that changes. `subscribe` calls at once with the current value, so a Svelte store reads it as it is. */
export interface Observable<T> {
  get(): T
  subscribe(listener: (value: T) => void): Unsubscribe
}

/** An observable that its owner sets. Setting the value that it has already tells nobody. */
export class Value<T> implements Observable<T> {
  #value: T
  readonly #listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }

  get(): T {
    return this.#value
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    // A copy: a listener may unsubscribe itself, or subscribe another, while it is told.
    for (const listener of [...this.#listeners]) listener(value)
  }

  subscribe(listener: (value: T) => void): Unsubscribe {
    // A wrapper, so that one function subscribed twice is two subscriptions.
    const own = (value: T) => listener(value)
    this.#listeners.add(own)
    listener(this.#value)
    return () => this.#listeners.delete(own)
  }
}

/** Resolves with the first value that passes; rejects never. */
export function until<T, S extends T>(source: Observable<T>, passes: (value: T) => value is S): Promise<S>
export function until<T>(source: Observable<T>, passes: (value: T) => boolean): Promise<T>
export function until<T>(source: Observable<T>, passes: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    let done = false
    let unsubscribe: Unsubscribe | null = null
    unsubscribe = source.subscribe((value) => {
      if (done || !passes(value)) return
      done = true
      unsubscribe?.()
      resolve(value)
    })
    if (done) unsubscribe()
  })
}
