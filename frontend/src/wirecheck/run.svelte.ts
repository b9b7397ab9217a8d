import { SvelteMap } from 'svelte/reactivity'
import { isHopeless, rows, run, Wire, type Outcome, type Row, type Transport } from './rows'

/** The rows over one transport, and what came of each. */
export class Run {
  readonly outcomes = new SvelteMap<string, Outcome>()
  readonly waiting = new SvelteMap<string, Row>()
  current = $state<string | null>(null)
  took = $state(0)
  /** How many there were to run, and how many of them are done. */
  total = $state(0)
  done = $state(0)
  #stopped = false

  constructor(
    readonly api: string,
    readonly transport: Transport,
  ) {}

  busy = $derived(this.current !== null)
  passed = $derived([...this.outcomes.values()].filter(({ ok }) => ok).length)
  failed = $derived(this.outcomes.size - this.passed)

  hopeless = $derived(isHopeless([...this.outcomes.values()].filter(({ ok }) => !ok).map(({ row }) => row)))

  async all(slow: boolean): Promise<void> {
    this.outcomes.clear()
    await this.these(
      rows.filter((row) => slow || !row.slow),
      true,
    )
  }

  /** Runs them one after the other. While some are running, they are put behind. */
  async these(wanted: readonly Row[], unlessHopeless = false): Promise<void> {
    for (const row of wanted) this.waiting.set(row.id, row)
    if (this.busy) {
      this.total += wanted.length
      return
    }
    this.#stopped = false
    this.total = wanted.length
    this.done = 0
    const began = performance.now()
    const wire = new Wire({ url: this.api, transport: this.transport, origin: window.origin })
    for (;;) {
      const [row] = this.waiting.values()
      if (!row || this.#stopped || (unlessHopeless && this.hopeless)) break
      this.waiting.delete(row.id)
      this.current = row.id
      const outcome = await run(row, wire)
      this.outcomes.set(row.id, outcome)
      this.done += 1
      this.took = performance.now() - began
    }
    wire.close()
    this.waiting.clear()
    this.current = null
  }

  /** After the row that is running now. */
  stop(): void {
    this.#stopped = true
  }
}
