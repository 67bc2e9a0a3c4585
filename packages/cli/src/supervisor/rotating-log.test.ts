import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { openRotatingLog } from './rotating-log.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-log-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('keeps three files of bounded size, the newest lines in the first', () => {
  const log = openRotatingLog(join(folder, 'a.log'), { bytesMax: 10, fileCount: 3 })
  for (const line of ['first-----\n', 'second----\n', 'third-----\n', 'fourth----\n', 'fifth\n']) log.write(line)
  log.close()
  expect(readdirSync(folder).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2'])
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('fifth\n')
  expect(readFileSync(join(folder, 'a.log.2'), 'utf8')).toBe('third-----\n')
})

it('goes on where an earlier start ended', () => {
  for (const line of ['one\n', 'two\n']) {
    const log = openRotatingLog(join(folder, 'a.log'))
    log.write(line)
    log.close()
  }
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('one\ntwo\n')
})

it('ignores what arrives after it was closed', () => {
  const log = openRotatingLog(join(folder, 'a.log'))
  log.close()
  expect(() => log.write('late')).not.toThrow()
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('')
})
