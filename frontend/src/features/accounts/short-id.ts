/** Enough of an id to tell two guests of one name apart; its end is random. */
export const shortId = (id: string): string => id.slice(-4)
