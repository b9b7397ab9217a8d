import { CrosstalkError, errorOf, offline, timedOut } from './errors.ts'

export interface HttpRequest {
  readonly body?: unknown
  readonly token?: string
  readonly query?: Readonly<Record<string, string | number | null | undefined>>
}

export type Http = <T>(method: string, path: string, request?: HttpRequest) => Promise<T>

/** One exchange with the API: JSON in, JSON out, problem details as CrosstalkError, a dead network as `offline`. */
export function httpTo(url: string, timeoutMs: number): Http {
  const base = url.replace(/\/+$/, '')
  return async <T>(method: string, path: string, { body, token, query }: HttpRequest = {}): Promise<T> => {
    const headers: Record<string, string> = { accept: 'application/json' }
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = { method, headers, credentials: 'omit', signal: AbortSignal.timeout(timeoutMs) }
    if (body !== undefined) init.body = JSON.stringify(body)
    let status: number
    let text: string
    try {
      const response = await fetch(base + path + search(query), init)
      status = response.status
      // The body may still be on its way when the network dies.
      text = await response.text()
    } catch (thrown) {
      throw thrown instanceof Error && thrown.name === 'TimeoutError' ? timedOut() : offline(thrown)
    }
    const answer = parsed(text)
    if (status >= 400) throw errorOf(answer, status)
    if (answer === undefined && text !== '') {
      throw new CrosstalkError({ code: 'internal', message: `${url} answers, but not as a Crosstalk API.`, status })
    }
    return answer as T
  }
}

function search(query: HttpRequest['query']): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined) params.set(name, String(value))
  }
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

/** A proxy's error page is no JSON; its status says enough. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
