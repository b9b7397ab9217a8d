/** Where the line "new messages" stands: after what was read when attention was last lost. */
export class FreshLine {
  /** A seq; nothing is fresh after Infinity. */
  after = $state(Infinity)

  constructor(readSeq: number) {
    this.after = readSeq
  }

  /** Whoever looks away, or scrolls up, finds the line there on coming back. */
  lookedAway(newestSeq: number): void {
    this.after = newestSeq
  }

  /** Who looks on while nothing is new needs no line before what comes under their eyes. */
  looksOn(newestSeq: number): void {
    if (newestSeq <= this.after) this.after = Infinity
  }

  /** One who answers has read. */
  answered(): void {
    this.after = Infinity
  }
}
