/** Where an API is, in the parts that Socket.IO takes: its first argument names a namespace, so a path goes into an option. */
export interface Address {
  /** Origin and path without a slash at the end: what a REST path follows. */
  readonly base: string
  /** Empty for an address on the page's own origin. */
  readonly origin: string
  /** Where Engine.IO answers: the option `path` of an official client. */
  readonly socketPath: string
}

/**
 * Takes `https://example.com`, `https://example.com/chat-api` when a proxy serves the API below a path, and `/chat-api` on the
 * page's own origin. Throws a TypeError for anything else.
 */
export function addressOf(url: string): Address {
  const [matched, origin = '', path = ''] = /^(https?:\/\/[^/?#\s]+)?((?:\/+[^/?#\s]+)*)\/*$/i.exec(url) ?? []
  if (matched === undefined) {
    throw new TypeError(
      `${url} is not an address of an API; write https://example.com or https://example.com/chat-api`,
    )
  }
  return { base: origin + path, origin, socketPath: `${path}/socket.io/` }
}
