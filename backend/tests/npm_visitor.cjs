// An official JavaScript client with its default reconnection, as a process: a JSON line on standard output for each event.
// node npm_visitor.cjs <url with namespace> <transports, with commas between> <auth as JSON>
// A line on standard input is an event to send, as a JSON list.
const { createRequire } = require('node:module')
const { createInterface } = require('node:readline')

// The packages are those of the folder in which it is started.
const { io } = createRequire(`${process.cwd()}/`)('socket.io-client')

const [url, transports, auth] = process.argv.slice(2)
const say = (...line) => process.stdout.write(`${JSON.stringify(line)}\n`)
const socket = io(url, {
  transports: transports.split(','),
  auth: JSON.parse(auth),
  reconnectionDelay: 100,
  reconnectionDelayMax: 500,
})
socket.on('connect', () => say('connect'))
socket.on('disconnect', (reason) => say('disconnect', reason))
socket.onAny((event, payload) => say(event, payload))
createInterface({ input: process.stdin }).on('line', (line) => socket.emit(...JSON.parse(line)))
