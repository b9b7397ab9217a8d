import { CrosstalkError } from '../client'
import { explain } from '../i18n/explain'
import { toast } from './toast.svelte'

/** A part of the page that is only loaded when somebody wants it. When it cannot be had, the network is gone. */
export async function later<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading
  } catch (error) {
    throw new CrosstalkError({ code: 'offline', message: String(error) })
  }
}

/** A dialog that is loaded when it is first opened, and stays: what was written in it is still there then. */
export class LaterDialog<C> {
  open = $state(false)
  Component = $state.raw<C | null>(null)

  constructor(readonly load: () => Promise<{ default: C }>) {}

  readonly show = async (): Promise<void> => {
    try {
      this.Component = (await later(this.load())).default
      this.open = true
    } catch (error) {
      if (!(error instanceof CrosstalkError)) throw error
      toast.show(explain(error))
    }
  }
}
