const many = (n: number, one: string, several: string) =>
  `${n.toLocaleString('en')} ${n === 1 ? one : several}`

export const en = {
  title: 'Wire check',
  tagline: 'Check your client, proxy and origin with plain Socket.IO events.',
  panes: 'Views of the wire check',
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
    page: 'Origin of this page',
    origin: 'Origin seen by the API',
    sid: 'Session ID',
    server: 'Server',
    mode: 'Async mode',
    latency: 'Latency',
    ms: (n: number) => `${n.toLocaleString('en')} ms`,
    none: '–',
    again: 'Reconnect',
  },

  why: {
    origin: 'This page’s origin isn’t allowed',
    off: 'The wire check is turned off',
    offBody:
      'The API is running without the wire check, which is off by default in production. To turn it on, start the API with CROSSTALK_WIRECHECK=on.',
    unreachable: 'Can’t reach the API',
    unreachableBody: 'Check that it is running at this address. The page keeps trying to connect.',
    transport: 'REST works, but Socket.IO doesn’t',
    transportBody: (said: string) =>
      `The client reports “${said}”. Check the proxy between this page and the API: it must forward /socket.io, keep the Upgrade header, and send each client to the same server. Try another transport to narrow it down.`,
  },

  rows: {
    title: 'Checks',
    all: 'Run all',
    stop: 'Stop',
    slow: 'Include slow checks',
    onlyFailed: 'Failed only',
    noneFailed: 'No failed checks.',
    summary: (passed: number, failed: number) => `${String(passed)} passed, ${String(failed)} failed`,
    progress: (done: number, total: number) => `${String(done)} of ${String(total)}`,
    took: (seconds: string) => `in ${seconds} s`,
    never: 'No checks have run over this transport yet.',
    done: (passed: number, failed: number) =>
      failed === 0
        ? `All ${many(passed, 'check', 'checks')} passed`
        : many(failed, 'check failed', 'checks failed'),
    hopeless: 'The other checks weren’t run, because there is no connection.',
    expected: 'Expected',
    came: 'Received',
    again: 'Run again',
    runRow: (row: string) => `Run “${row}”`,
    cell: (row: string, where: string, what: string) => `${row}, ${where}: ${what}`,
    once: 'REST',
    passed: 'Passed',
    failed: 'Failed',
    running: 'Running',
    waiting: 'Waiting',
    notRun: 'Not run',
    groups: {
      connection: 'Connection',
      events: 'Events and acks',
      rooms: 'Rooms',
      streams: 'Streamed text',
      payloads: 'Binary and large payloads',
      rest: 'REST',
      limits: 'Slow checks',
    },
  },

  typewriter: {
    title: 'Typewriter',
    text: 'Text to stream',
    placeholder: 'Leave empty for the server’s default text',
    pace: 'Speed',
    start: 'Start',
    stop: 'Stop',
    output: 'Received text',
    empty: 'Characters appear here one by one, as new_char events.',
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
      json: 'A JSON array with one item per argument: ["a", {"b": 2}]',
      text: 'One argument: this text',
      hex: 'Bytes: 00 ff 10',
      base64: 'Bytes: AP8Q',
      file: 'Bytes: the contents of the file',
    },
    count: (n: number) => (n === 0 ? 'no arguments' : many(n, 'argument', 'arguments')),
    bytes: (n: number) => many(n, 'byte', 'bytes'),
    ack: 'Request an ack',
    send: 'Send',
    keys: 'Ctrl+Enter to send',
    auth: 'auth',
    authHint: 'Sent on connecting to the namespace, for example {"refuse": "reason"}',
    enter: 'Reconnect',
    faults: {
      json: (detail: string) => `Not valid JSON: ${detail}`,
      hex: (detail: string) =>
        /^\d+$/.test(detail)
          ? `${detail} hex digits aren’t whole bytes. Use two digits per byte.`
          : `“${detail}” isn’t a hex digit.`,
      base64: () => 'Not valid Base64.',
      file: () => 'Choose a file.',
      event: 'Enter the name of the event.',
      reserved: (name: string) => `“${name}” is reserved by Socket.IO. Use another name.`,
      auth: 'auth must be a JSON object.',
    },
  },

  log: {
    title: 'Log',
    filter: 'Filter the log',
    filterHint: 'Filter by event, namespace or text',
    direction: 'Direction',
    all: 'All',
    in: 'In',
    out: 'Out',
    pause: 'Pause',
    resume: 'Resume',
    held: (n: number) => `${n.toLocaleString('en')} new`,
    clear: 'Clear',
    copy: 'Copy shown entries',
    copied: (n: number) => many(n, 'entry copied', 'entries copied'),
    count: (n: number) => many(n, 'entry', 'entries'),
    empty: 'Sent and received packets appear here.',
    nothing: 'No entries match the filter.',
    newest: 'Jump to latest',
    entry: (direction: string, namespace: string, event: string, line: string) =>
      `${direction} ${namespace} ${event} ${line}`,
    directions: { in: 'in', out: 'out', note: 'note' },
    ack: 'ack',
    after: (ms: number) => `after ${ms.toLocaleString('en')} ms`,
    use: 'Send again',
    copyOne: 'Copy entry',
    close: 'Close entry',
    detail: 'Entry',
  },

  /** Translations of the names of checks. A name without one is shown as it is. */
  names: {} as Record<string, string>,
}

type Widen<T> = T extends (...args: infer A) => string
  ? (...args: A) => string
  : T extends string
    ? string
    : { [K in keyof T]: Widen<T[K]> }

export type Texts = Widen<typeof en>
