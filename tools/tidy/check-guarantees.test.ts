import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { checkGuarantees } from './check-guarantees.ts'

it('names promises whose test is not there', () => {
  const root = mkdtempSync(join(tmpdir(), 'weft-guarantees-'))
  writeFileSync(join(root, 'a.test.ts'), "it('holds', () => {})\n")
  const rows = ['| one | `a.test.ts`: holds |', '| two | `a.test.ts`: breaks |', '| three | `b.test.ts`: holds |']
  writeFileSync(join(root, 'page.md'), rows.join('\n'))
  expect(checkGuarantees(root, 'page.md')).toEqual(['page.md: a.test.ts has no test "breaks"', 'page.md: b.test.ts is not there'])
})
