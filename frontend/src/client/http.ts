import { addressOf } from './address.ts'
import type { RestRoutes } from './contract/rest.ts'
import { CrosstalkError, errorOf, offline, timedOut } from './errors.ts'

export type Route = keyof RestRoutes
type Nothing = undefined | Record<string, never>
type Given<K extends string, V> = [V] extends [Nothing]
  ? { readonly [key in K]?: never }
  : { readonly [key in K]: V }
/** What a route of the contract takes: what it takes nothing of is left out. */
export type RestRequest<R extends Route> = Given<'path', RestRoutes[R]['path']> &
  Given<'body', RestRoutes[R]['body']> & { readonly query?: RestRoutes[R]['query'] }
export type RestAnswer<R extends Route> = RestRoutes[R]['answer']

export type Http = <R extends Route>(
  route: R,
  request: RestRequest<R>,
  token?: string,
) => Promise<RestAnswer<R>>

/** One exchange with the API: JSON in, JSON out, problem details as CrosstalkError, a dead network as `offline`. */
export function httpTo(url: string, timeoutMs: number): Http {
  const { base } = addressOf(url)
  return async <R extends Route>(route: R, { path, query, body }: RestRequest<R>, token?: string) => {
    const [method = 'GET', template = ''] = route.split(' ')
    const headers: Record<string, string> = { accept: 'application/json' }
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = { method, headers, credentials: 'omit', signal: AbortSignal.timeout(timeoutMs) }
    if (body !== undefined) init.body = JSON.stringify(body)
    let status: number
    let text: string
    try {
      const response = await fetch(base + filled(template, path) + search(query), init)
      status = response.status
      // The body may still be on its way when the network dies.
      text = await response.text()
    } catch (thrown) {
      throw thrown instanceof Error && thrown.name === 'TimeoutError' ? timedOut() : offline(thrown)
    }
    const answer = parsed(text)
    if (status >= 400) throw errorOf(answer, status)
    if (answer === undefined && text !== '') {
      throw new CrosstalkError({
        code: 'internal',
        message: `${url} answers, but not as a Crosstalk API.`,
        status,
      })
    }
    return answer as RestAnswer<R>
  }
}

function filled(template: string, path: Record<string, string> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))
}

function search(query: Record<string, unknown> = {}): string {
  const pairs = Object.entries(query).map(([name, value]) => [name, String(value)])
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
}

/** A proxy's error page is no JSON; its status says enough. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
