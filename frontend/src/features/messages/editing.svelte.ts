/** Which of one's messages is being rewritten: one at a time. */
class Editing {
  id = $state<string | null>(null)

  start(messageId: string): void {
    this.id = messageId
  }

  end(): void {
    this.id = null
  }
}

export const editing = new Editing()
