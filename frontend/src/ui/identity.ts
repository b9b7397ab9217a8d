/** A hue for a person: the same everywhere, from nothing but the id. Neighbouring ids land far apart. */
export function hueOf(id: string): number {
  let hash = 2166136261
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619)
  // The last bits of FNV mix badly for short ids; the golden angle spreads them.
  return Math.round(((hash >>> 0) * 137.508) % 360)
}

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** One or two signs that stand for a name: "Ann Lee" AL, "王小明" 王, "🦊 fox" 🦊. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u)
  const first = firstSign(words[0] ?? '')
  const last = words.length > 1 ? firstSign(words[words.length - 1] ?? '') : ''
  const bothLatin = /^[\p{L}]$/u.test(first) && /^[\p{L}]$/u.test(last) && !/[\p{Lo}]/u.test(first + last)
  return (bothLatin ? first + last : first).toLocaleUpperCase()
}

function firstSign(word: string): string {
  for (const { segment } of segments.segment(word)) return segment
  return ''
}
