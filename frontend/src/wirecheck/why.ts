/** Why there is no connection, as far as a page can find out. */
export type Why =
  | { readonly kind: 'origin'; readonly hint: string | null }
  | { readonly kind: 'off' }
  | { readonly kind: 'unreachable' }
  /** REST answers and lets this page in: what is in the way concerns Socket.IO alone. */
  | { readonly kind: 'transport'; readonly said: string }

const ANSWERS_WITHIN_MS = 8_000

export async function findOutWhy(api: string, origin: string, said: string): Promise<Why> {
  const get = (path: string) => fetch(`${api}${path}`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
  try {
    // Readable from every origin, also from one that is refused.
    const check = await get(`/origin-check?origin=${encodeURIComponent(origin)}`)
    if (check.ok) {
      const { allowed, hint } = (await check.json()) as { allowed: boolean; hint?: string }
      if (!allowed) return { kind: 'origin', hint: hint ?? null }
    }
    const { status } = await get('/wirecheck')
    return status === 404 ? { kind: 'off' } : { kind: 'transport', said }
  } catch {
    // fetch tells a page no more than that: no network, no server, or no permission to read.
    return { kind: 'unreachable' }
  }
}
