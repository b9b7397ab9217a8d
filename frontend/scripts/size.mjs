// Fails when the JavaScript that the page needs at first load is over its budget.
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const BUDGET = 80 * 1000
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')

/** What index.html names, and what that imports at once; dynamic imports load later and do not count. */
function firstLoad() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const tags = html.match(/<(?:script|link)\b[^>]*>/g) ?? []
  const named = tags
    .map((tag) => /(?:src|href)="([^"]+\.js)"/.exec(tag)?.[1])
    .filter((name) => name !== undefined)
  const found = new Set()
  const open = named.map((name) => join(dist, name))
  while (open.length > 0) {
    const file = open.pop()
    if (file === undefined || found.has(file)) continue
    found.add(file)
    for (const [, name] of readFileSync(file, 'utf8').matchAll(
      /(?:\bfrom|\bimport)\s*["']([^"']+\.js)["']/g,
    )) {
      open.push(resolve(dirname(file), name ?? ''))
    }
  }
  return [...found]
}

let total = 0
for (const file of firstLoad()) {
  const size = gzipSync(readFileSync(file), { level: 9 }).length
  total += size
  console.log(`${(size / 1000).toFixed(1).padStart(7)} kB gzip  ${file.slice(dist.length + 1)}`)
}
if (total === 0) {
  console.error('size: dist/index.html names no script')
  process.exit(1)
}
const verdict = `${(total / 1000).toFixed(1)} kB gzip of JavaScript at first load, the budget is ${BUDGET / 1000} kB`
if (total > BUDGET) {
  console.error(`size: ${verdict}`)
  process.exit(1)
}
console.log(`size: ${verdict}`)
