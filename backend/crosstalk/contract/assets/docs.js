// Puts the address under which the browser knows this API into the examples, and a Copy button beside them.
const root = new URL(document.documentElement.dataset.root, location.href)
for (const shown of document.querySelectorAll('.api')) shown.textContent = root.href.replace(/\/$/, '')

for (const figure of document.querySelectorAll('figure.code')) {
  // Over plain http there is no clipboard; the text can still be selected.
  if (!navigator.clipboard) break
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(figure.querySelector('code').textContent)
    button.textContent = 'Copied'
    setTimeout(() => (button.textContent = 'Copy'), 2000)
  })
  figure.append(button)
}
