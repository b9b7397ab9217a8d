interface OriginCheck {
  allowed: boolean
  hint?: string
}

/** As the browser sends it: in a sandboxed frame it is `null`, whatever the address says. */
export const pageOrigin = window.origin

/** Whether the API is there, and whether it lets this page in. Asked without a token, readable from any origin. */
export class Origin {
  state = $state<'asking' | 'allowed' | 'refused' | 'unreachable'>('asking')
  hint = $state<string | null>(null)
  busy = $state(false)

  constructor(readonly api: string) {}

  async ask(): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      const address = `${this.api}/origin-check?origin=${encodeURIComponent(pageOrigin)}`
      const answer = await fetch(address, { signal: AbortSignal.timeout(8000) })
      // An API without this address still answers: that is all that has to be known here.
      const check = answer.ok ? ((await answer.json()) as OriginCheck) : { allowed: true }
      this.hint = check.hint ?? null
      this.state = check.allowed ? 'allowed' : 'refused'
    } catch {
      // fetch tells a page no more than that: no network, no server, or no permission to read.
      this.hint = null
      this.state = 'unreachable'
    } finally {
      this.busy = false
    }
  }
}
