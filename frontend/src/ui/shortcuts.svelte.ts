import { LaterDialog } from './later.svelte'

/** The list of keys, which `?` and the account menu open. */
export const shortcuts = new LaterDialog(() => import('./Shortcuts.svelte'))
