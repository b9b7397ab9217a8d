/** What can be sent to the wire check, ready to be sent. */
export interface Example {
  readonly event: string
  readonly args: string
  readonly ack: boolean
}

const example = (event: string, args: unknown[], ack = true): Example => ({
  event,
  args: args.length > 0 ? JSON.stringify(args) : '',
  ack,
})

export const examples: readonly Example[] = [
  example('message', ['hello'], false),
  example('json', [{ any: ['JSON', 1, null] }], false),
  example('my event', ['hello']),
  example('my_event', ['a', { b: 2 }, 3]),
  example('cross', ['over to the other namespace']),
  example('broadcast', [{ to: 'everybody' }]),
  example('join', [{ username: 'ann', room: 'garden' }]),
  example('room_message', [{ room: 'garden', data: 'to the members' }]),
  example('leave', [{ username: 'ann', room: 'garden' }]),
  example('whoami', []),
  example('confirm', ['are you there?']),
  example('start_stream', [{ text: 'One character after the other.', pace_ms: 50 }]),
  example('stop_stream', []),
  example('disconnect_me', [], false),
]
