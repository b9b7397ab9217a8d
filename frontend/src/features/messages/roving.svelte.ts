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
    const step = event.altKey ? undefined : STEPS[event.key]
    const from = event.target as HTMLElement
    const row = from.closest('[data-key]')
    // In a field, in a list that scrolls and in what is open above the page the arrows belong to it.
    if (!step || !row || (from !== row && !from.matches('button, a')) || from.closest('dialog, [popover]'))
      return
    const next = step < 0 ? row.previousElementSibling : row.nextElementSibling
    if (!(next instanceof HTMLElement)) return
    event.preventDefault()
    next.focus({ preventScroll: true })
    next.scrollIntoView({ block: 'nearest' })
  }
}
