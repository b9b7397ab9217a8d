import { language } from '../i18n/language.svelte'
import { toast } from './toast.svelte'

/** A part of the page whose file could not be loaded: the network is gone, or a new deployment has replaced the file. */
export class NotLoaded extends Error {}

/** A part of the page that is loaded when it is first used. Rejects with NotLoaded. */
export async function later<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading
  } catch (error) {
    throw new NotLoaded(String(error), { cause: error })
  }
}

/** Shows that a part could not be loaded, and offers to reload the page when the network is there. */
export function showNotLoaded(): void {
  if (!navigator.onLine) return toast.show(language.t.errors.offline)
  toast.show(language.t.errors.notLoaded, {
    label: language.t.common.reload,
    run: () => location.reload(),
  })
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
      if (!(error instanceof NotLoaded)) throw error
      showNotLoaded()
    }
  }
}
