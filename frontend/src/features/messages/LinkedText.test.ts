import { render, screen } from '@testing-library/svelte'
import { expect, test } from 'vitest'
import LinkedText from './LinkedText.svelte'

test('a link opens elsewhere and tells nothing of where it was', () => {
  render(LinkedText, { text: 'see https://example.com/a.' })
  const link = screen.getByRole('link', { name: 'https://example.com/a' })
  expect(link.getAttribute('href')).toBe('https://example.com/a')
  expect(link.getAttribute('target')).toBe('_blank')
  expect(link.getAttribute('rel')).toContain('noopener')
})

test('markup is text, and so is a script in an address', () => {
  const text = '<img src=x onerror=alert(1)> javascript:alert(1)\nsecond line'
  const { container } = render(LinkedText, { text })
  expect(container.textContent).toBe(text)
  expect(container.querySelector('img, a, script')).toBeNull()
})
