/** A media query as state. */
class Query {
  matches = $state(false)

  constructor(query: string) {
    const list = matchMedia(query)
    this.matches = list.matches
    // Safari before 14 has no events here: the first answer stays.
    list.addEventListener?.('change', () => (this.matches = list.matches))
  }
}

/** One pane at a time. */
const narrow = new Query('(max-width: 719.98px)')
/** The people panel has no column of its own. */
const compact = new Query('(max-width: 1079.98px)')
/** The main way of pointing is a finger, so the keyboard is most likely on the screen. */
const touch = new Query('(pointer: coarse)')
const still = new Query('(prefers-reduced-motion: reduce)')

export const screen = {
  get narrow() {
    return narrow.matches
  },
  get compact() {
    return compact.matches
  },
  get touch() {
    return touch.matches
  },
  get still() {
    return still.matches
  },
}
