import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { checkGuarantees } from './check-guarantees.ts'

const root = mkdtempSync(join(tmpdir(), 'weft-guarantees-'))
afterAll(() => rmSync(root, { recursive: true }))

it('names promises whose test is not there or does not run', () => {
  writeFileSync(join(root, 'a.test.ts'), "it('holds', () => {})\nit.skip('waits', () => {})\n")
  const rows = [
    '| one | `a.test.ts`: holds |',
    '| two | `a.test.ts`: breaks |',
    '| three | `a.test.ts`: waits |',
    '| four | `b.test.ts`: holds |',
  ]
  writeFileSync(join(root, 'page.md'), rows.join('\n'))
  expect(checkGuarantees(root, 'page.md')).toEqual([
    'page.md: a.test.ts runs no test "breaks"',
    'page.md: a.test.ts runs no test "waits"',
    'page.md: b.test.ts is not there',
  ])
})
