import { expect, it } from '@jest/globals'
import { fileLabel } from './file-label.ts'

it.each([
  ['docs/README.md', 'docs/README.md'],
  ['/etc/passwd', 'etc/passwd'],
  ['a\u0000b\u001b[31m\n.md', 'ab[31m.md'],
  ['   ', 'unnamed'],
  ['x'.repeat(600), 'x'.repeat(512)],
])('keeps %j as %j', (filename, label) => {
  expect(fileLabel(filename)).toBe(label)
})
