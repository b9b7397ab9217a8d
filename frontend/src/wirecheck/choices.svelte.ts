import { stored } from '../ui/stored'
import { kinds, type Kind } from './arguments'
import { transports, type Transport } from './rows'

const KEY = 'crosstalk.wirecheck'
/** A big argument is not worth the little room that a browser gives. */
const KEPT_ARGUMENTS = 20_000

const initial = {
  transport: 'upgrade' as Transport,
  slow: false,
  namespace: '/',
  auth: '',
  event: 'my event',
  kind: 'json' as Kind,
  args: '["hello"]',
  ack: true,
  text: '',
  pace: 50,
}

/** What was chosen last, which is there again after a reload. */
class Choices {
  current = $state(chosen())

  save(): void {
    const { args, ...rest } = $state.snapshot(this.current)
    stored.set(KEY, JSON.stringify({ ...rest, ...(args.length <= KEPT_ARGUMENTS && { args }) }))
  }
}

function chosen(): typeof initial {
  const known = parsed(stored.get(KEY))
  const kept = Object.entries(initial).map(([name, value]) => {
    const one = known[name]
    return [name, typeof one === typeof value ? one : value]
  })
  const choices = Object.fromEntries(kept) as typeof initial
  if (!transports.includes(choices.transport)) choices.transport = initial.transport
  // A file is not kept.
  if (!kinds.includes(choices.kind) || choices.kind === 'file') choices.kind = initial.kind
  return choices
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Another program wrote to this key: the defaults apply.
    return {}
  }
}

export const choices = new Choices()
