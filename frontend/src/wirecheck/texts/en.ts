const many = (n: number, one: string, several: string) =>
  `${n.toLocaleString('en')} ${n === 1 ? one : several}`

export const en = {
  title: 'Wire check',
  tagline: 'Your client, your proxy, your origin, proven with plain events before the product is touched.',
  panes: 'Parts of the wire check',
  transports: 'Transport',
  polling: 'Polling',
  websocket: 'WebSocket',
  upgrade: 'Upgrade',
  upgraded: 'polling, then WebSocket',

  facts: {
    title: 'The connection',
    connected: 'Connected',
    connecting: 'Connecting…',
    lost: 'Not connected',
    over: 'Transport in use',
    api: 'API',
    page: 'This page',
    origin: 'Origin seen',
    sid: 'Session id',
    server: 'Server',
    mode: 'Async mode',
    latency: 'Round trip',
    ms: (n: number) => `${n.toLocaleString('en')} ms`,
    none: '–',
    again: 'Connect',
  },

  why: {
    origin: 'The API refuses this page’s origin',
    off: 'The wire check is switched off here',
    offBody:
      'The API answers, but it has no wire check. Start it with CROSSTALK_WIRECHECK=on; in production it is off unless that is said.',
    unreachable: 'The API does not answer',
    unreachableBody: 'Is it running at this address? The page keeps trying.',
    transport: 'REST is let in, Socket.IO is not',
    transportBody: (said: string) =>
      `The client says “${said}”. Look at what stands between: a proxy that does not pass /socket.io, strips Upgrade, or spreads one client over several servers. Another transport may tell more.`,
  },

  rows: {
    title: 'Rows',
    all: 'Run all',
    stop: 'Stop',
    slow: 'Slow ones too',
    onlyFailed: 'Failed only',
    noneFailed: 'None has failed.',
    summary: (passed: number, failed: number) => `${String(passed)} passed, ${String(failed)} failed`,
    progress: (done: number, total: number) => `${String(done)} of ${String(total)}`,
    took: (seconds: string) => `in ${seconds} s`,
    never: 'Nothing has been run over this transport yet.',
    done: (passed: number, failed: number) =>
      failed === 0 ? `All ${many(passed, 'row', 'rows')} passed` : many(failed, 'row failed', 'rows failed'),
    hopeless: 'There is no connection, so the other rows were not run.',
    expected: 'expected',
    came: 'came',
    again: 'Run again',
    runRow: (row: string) => `Run “${row}”`,
    cell: (row: string, where: string, what: string) => `${row}, ${where}: ${what}`,
    once: 'REST',
    passed: 'passed',
    failed: 'failed',
    running: 'running',
    waiting: 'waiting',
    notRun: 'not run',
    groups: {
      connection: 'Connection',
      events: 'Events and acks',
      rooms: 'Rooms',
      streams: 'Text piece by piece',
      payloads: 'Bytes and big payloads',
      rest: 'REST',
      limits: 'On request',
    },
  },

  typewriter: {
    title: 'Typewriter',
    text: 'Text to be streamed',
    placeholder: 'Empty: the server’s own text',
    pace: 'Pace',
    start: 'Start',
    stop: 'Stop',
    output: 'What has come',
    empty: 'Characters will appear here one by one, as new_char events.',
    count: (n: number) => many(n, 'character', 'characters'),
    finished: (sent: number) => `finished, ${sent.toLocaleString('en')} sent`,
    stopped: (sent: number) => `stopped, ${sent.toLocaleString('en')} sent`,
  },

  console: {
    title: 'Console',
    namespace: 'Namespace',
    event: 'Event',
    example: 'Examples',
    examplePick: 'Examples…',
    kind: 'Arguments',
    kinds: { json: 'JSON', text: 'Text', hex: 'Hex', base64: 'Base64', file: 'File' },
    args: 'Arguments',
    hint: {
      json: 'A list, one item an argument: ["a", {"b": 2}]',
      text: 'One argument: the text as it stands',
      hex: 'Bytes: 00 ff 10',
      base64: 'Bytes: AP8Q',
      file: 'Bytes: the file as it is',
    },
    count: (n: number) => (n === 0 ? 'no argument' : many(n, 'argument', 'arguments')),
    bytes: (n: number) => many(n, 'byte', 'bytes'),
    ack: 'Ask for an ack',
    send: 'Send',
    keys: 'Ctrl+Enter sends',
    auth: 'auth',
    authHint: 'Sent when the namespace is entered, {"refuse": "reason"} for instance',
    enter: 'Enter anew',
    faults: {
      json: (detail: string) => `This is not JSON: ${detail}`,
      hex: (detail: string) =>
        /^\d+$/.test(detail) ? `${detail} digits do not make whole bytes` : `“${detail}” is no hex digit`,
      base64: () => 'This is not Base64',
      file: () => 'Choose a file',
      event: 'An event needs a name',
      reserved: (name: string) => `“${name}” is reserved: Socket.IO does not send it`,
      auth: 'auth must be a JSON object',
    },
  },

  log: {
    title: 'Log',
    filter: 'Filter the log',
    filterHint: 'Filter: event, namespace, words',
    direction: 'Direction',
    all: 'All',
    in: 'In',
    out: 'Out',
    pause: 'Pause',
    resume: 'Resume',
    held: (n: number) => many(n, 'more has come', 'more have come'),
    clear: 'Clear',
    copy: 'Copy what is shown',
    copied: (n: number) => many(n, 'entry copied', 'entries copied'),
    count: (n: number) => many(n, 'entry', 'entries'),
    empty: 'Everything that goes out and comes in will stand here.',
    nothing: 'Nothing here fits the filter.',
    newest: 'Newest',
    entry: (direction: string, namespace: string, event: string, line: string) =>
      `${direction} ${namespace} ${event} ${line}`,
    directions: { in: 'in', out: 'out', note: 'note' },
    ack: 'ack',
    after: (ms: number) => `after ${ms.toLocaleString('en')} ms`,
    use: 'Send it once more',
    copyOne: 'Copy entry',
    close: 'Close entry',
    detail: 'Entry',
  },

  /** Names of rows that are no names of events; the others stand for themselves. */
  names: {} as Record<string, string>,
}

type Widen<T> = T extends (...args: infer A) => string
  ? (...args: A) => string
  : T extends string
    ? string
    : { [K in keyof T]: Widen<T[K]> }

export type Texts = Widen<typeof en>
