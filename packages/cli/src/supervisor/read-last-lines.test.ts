import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { readLastLines } from './read-last-lines.ts'

it('answers the last lines of a file larger than it reads, and none of a file that is not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-tail-'))
  const path = join(folder, 'a.log')
  writeFileSync(path, `${'x'.repeat(300_000)}\none\ntwo\n`)
  expect(readLastLines(path, 2)).toEqual(['one', 'two'])
  expect(readLastLines(path, 0)).toEqual([])
  expect(readLastLines(join(folder, 'none.log'), 5)).toEqual([])
  rmSync(folder, { recursive: true })
})
