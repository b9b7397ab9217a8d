import { createSubscriber } from 'svelte/reactivity'
import { on } from 'svelte/events'

export type Route =
  | { readonly name: 'home' }
  | { readonly name: 'room'; readonly id: string }
  | { readonly name: 'wirecheck' }
  | { readonly name: 'join'; readonly id: string; readonly invite: string }

export function parseRoute(hash: string): Route {
  const [place, id, invite] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decoded)
  if (place === 'rooms' && id) return { name: 'room', id }
  if (place === 'join' && id && invite) return { name: 'join', id, invite }
  if (place === 'wirecheck') return { name: 'wirecheck' }
  return { name: 'home' }
}

export function hashOf(route: Route): string {
  switch (route.name) {
    case 'home':
      return '#/'
    case 'wirecheck':
      return '#/wirecheck'
    case 'room':
      return `#/rooms/${encodeURIComponent(route.id)}`
    case 'join':
      return `#/join/${encodeURIComponent(route.id)}/${encodeURIComponent(route.invite)}`
  }
}

/** A link that somebody else can open. */
export const linkTo = (route: Route) => new URL(hashOf(route), location.href).href

export function go(route: Route): void {
  location.hash = hashOf(route)
}

/** Goes there without a step in the history: for places that a person did not choose. */
export function redirect(route: Route): void {
  location.replace(hashOf(route))
}

const follow = createSubscriber((update) => on(window, 'hashchange', update))

export const place = {
  get route(): Route {
    follow()
    return parseRoute(location.hash)
  },
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A lone % typed by hand: no such place, and no reason to fall over.
    return ''
  }
}
