import type { LiveStreamState } from '../../../client'
import { Points } from './points'
import { type Kind, kindOf } from './readings'

/** A series on the screen: its points as they come, and how much of it is shown. */
export class Series {
  readonly points = new Points()
  /** The stream's own array: it grows. */
  items: readonly unknown[] = []
  kind = $state<Kind | null>(null)
  /** How many items are here. */
  end = $state(0)
  #pausedAt = $state<number | null>(null)

  get paused(): boolean {
    return this.#pausedAt !== null
  }

  /** How many items are shown. */
  get shown(): number {
    return this.#pausedAt ?? this.end
  }

  /** How many have come since the pause. */
  get waiting(): number {
    return this.end - this.shown
  }

  reached({ items, end }: Pick<LiveStreamState, 'items' | 'end'>): void {
    if (this.items === items && this.end === end) return
    this.items = items
    this.kind ??= kindOf(items)
    if (this.kind === 'plot') this.points.reached(items, end)
    this.end = end
  }

  pause(): void {
    this.#pausedAt = this.end
  }

  goOn(): void {
    this.#pausedAt = null
  }
}
