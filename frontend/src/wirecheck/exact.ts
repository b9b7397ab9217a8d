/** The time of day to the millisecond, the same everywhere: what is compared with a server's log. */
export function exact(at: number): string {
  const when = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  const time = [when.getHours(), when.getMinutes(), when.getSeconds()].map(two).join(':')
  return `${time}.${String(when.getMilliseconds()).padStart(3, '0')}`
}
