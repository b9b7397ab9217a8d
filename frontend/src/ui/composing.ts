/**
 * Whether a key belongs to an input method that is composing, and not to the page. WebKit ends the composition before it
 * reports the key that ended it: `isComposing` is false then, and the key code is 229 (UI Events, section 5.6.2).
 */
export function composing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}
