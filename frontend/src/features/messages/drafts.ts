/** What was begun and not sent, a room each, as long as the tab lives. */
const drafts = new Map<string, string>()

export const draft = {
  of: (roomId: string): string => drafts.get(roomId) ?? '',
  keep(roomId: string, text: string): void {
    if (text) drafts.set(roomId, text)
    else drafts.delete(roomId)
  },
}
