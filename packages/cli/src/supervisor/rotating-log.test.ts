import { closeSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { boundOwnOutput, openOwnOutput, openRotatingLog } from './rotating-log.ts'

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

it("keeps a process's own output bounded while it stays open, and what the process before it wrote", () => {
  const path = join(folder, 'own.log')
  const earlier = openOwnOutput(path)
  writeSync(earlier, 'an earlier process\n')
  closeSync(earlier)
  const output = openOwnOutput(path)
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('an earlier process\n')
  for (const line of ['first-----\n', 'second----\n', 'third\n']) {
    writeSync(output, line)
    boundOwnOutput(path, 20)
  }
  closeSync(output)
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('first-----\nsecond----\n')
  expect(readFileSync(path, 'utf8')).toBe('third\n')
})
