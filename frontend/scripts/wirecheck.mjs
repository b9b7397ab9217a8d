// Runs the rows of the wire check in Node against any deployment: the same rows that the page runs.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'vite'

const SOURCE = fileURLToPath(new URL('../src/wirecheck/rows/', import.meta.url))
const ADDRESS = fileURLToPath(new URL('../src/client/address.ts', import.meta.url))
const CACHE = fileURLToPath(new URL('../node_modules/.cache/wirecheck/', import.meta.url))

const TRANSPORTS = ['polling', 'websocket', 'upgrade']
const USAGE = `usage: npm run --silent wirecheck -- URL [--transport ${TRANSPORTS.join('|')}] [--origin ORIGIN] [--slow]`

try {
  process.exitCode = (await runAll(asked())) ? 0 : 1
} catch (fault) {
  console.error(`wirecheck: ${fault.message}`)
  process.exitCode = 2
}

function asked() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      transport: { type: 'string', default: 'upgrade' },
      origin: { type: 'string' },
      slow: { type: 'boolean', default: false },
    },
  })
  const [url] = positionals
  if (positionals.length !== 1 || !URL.canParse(url)) throw new Error(`one URL is needed\n${USAGE}`)
  if (!TRANSPORTS.includes(values.transport)) throw new Error(`no transport ${values.transport}\n${USAGE}`)
  return { url, ...values }
}

/** One JSON line an outcome, on standard output. */
async function runAll({ url, transport, origin, slow }) {
  const { isHopeless, rows, run, Wire } = await import(pathToFileURL(await bundled()).href)
  const wire = new Wire({ url, transport, origin: origin ?? null, sendOrigin: true })
  const failed = []
  for (const row of rows.filter((one) => slow || !one.slow)) {
    if (isHopeless(failed)) {
      console.error('wirecheck: there is no connection, so the other rows were not run')
      break
    }
    const outcome = await run(row, wire)
    if (!outcome.ok) failed.push(row.id)
    console.log(JSON.stringify(outcome))
  }
  wire.close()
  return failed.length === 0
}

/** The rows as one file for Node, made anew when a source has changed. */
async function bundled() {
  const hash = createHash('sha256')
  const files = (await readdir(SOURCE)).sort().map((name) => SOURCE + name)
  for (const file of [...files, ADDRESS]) hash.update(await readFile(file))
  const made = `${CACHE}${hash.digest('hex').slice(0, 16)}.mjs`
  if (existsSync(made)) return made
  // Several may run at once: each builds for itself, and whoever is last has made the same file.
  const folder = `${CACHE}${process.pid}`
  await mkdir(folder, { recursive: true })
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: `${SOURCE}index.ts`,
      outDir: folder,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'rows.mjs' } },
    },
  })
  await rename(`${folder}/rows.mjs`, made)
  await rm(folder, { recursive: true })
  return made
}
