const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 }

/** One message is in the tab order; the arrows go from message to message. */
export class Roving {
  #current = $state<string | null>(null)

  isCurrent(key: string, last: boolean): boolean {
    return this.#current === null ? last : this.#current === key
  }

  readonly focused = (event: FocusEvent): void => {
    const row = (event.target as Element).closest<HTMLElement>('[data-key]')
    if (row) this.#current = row.dataset.key ?? null
  }

  readonly moved = (event: KeyboardEvent): void => {
    const step = STEPS[event.key]
    const row = event.target as HTMLElement
    // In a field or on a button the arrows belong to it.
    if (!step || !row.matches('[data-key]')) return
    const next = step < 0 ? row.previousElementSibling : row.nextElementSibling
    if (!(next instanceof HTMLElement)) return
    event.preventDefault()
    next.focus({ preventScroll: true })
    next.scrollIntoView({ block: 'nearest' })
  }
}
