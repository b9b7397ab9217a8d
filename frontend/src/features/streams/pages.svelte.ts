/** So many to a page: a new one costs the same, however many there are. */
const PAGE = 64

/** A list that only grows, in pages of which only the last one changes: what is on the others is never looked at again. */
export class Pages<T> {
  all = $state.raw<readonly (readonly T[])[]>([])

  get empty(): boolean {
    return this.all.length === 0
  }

  push(items: readonly T[]): void {
    if (items.length === 0) return
    const last = this.all.at(-1)
    const open = last && last.length < PAGE ? last : []
    const more = [...open, ...items]
    const pages: T[][] = []
    for (let from = 0; from < more.length; from += PAGE) pages.push(more.slice(from, from + PAGE))
    this.all = [...(open === last ? this.all.slice(0, -1) : this.all), ...pages]
  }

  clear(): void {
    if (!this.empty) this.all = []
  }
}
