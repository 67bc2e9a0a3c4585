import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'

const folder = mkdtempSync(join(tmpdir(), 'weft-crash-'))
const crashRecord = join(folder, 'crashes')
const effect = join(folder, 'effect')
afterAll(() => rmSync(folder, { recursive: true }))

/** A process that would do something, armed with these crashes. */
function run(crashes: object | undefined) {
  const arming = crashes === undefined ? '' : `armCrashPoints(${JSON.stringify({ crashes, crashRecord })})`
  const script = `
    import { writeFileSync } from 'node:fs'
    import { armCrashPoints, mayCrashAround } from ${JSON.stringify(join(import.meta.dirname, 'crash-points.ts'))}
    ${arming}
    await mayCrashAround('effect', async () => writeFileSync(${JSON.stringify(effect)}, 'done'))
  `
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script]
  const { signal, status } = spawnSync(process.execPath, args, { env: {} })
  return { signal, status }
}

it('nothing dies in a process that is not armed, nor once the record of crashes is gone', () => {
  expect(run(undefined)).toEqual({ signal: null, status: 0 })
  expect(run({ 'before-effect': 1 })).toEqual({ signal: null, status: 0 })
  expect(existsSync(effect)).toBe(true)
})

it('an armed process is killed before what it would do, or after it, and the crash is on record', () => {
  writeFileSync(crashRecord, '')
  writeFileSync(effect, '')
  expect(run({ 'before-effect': 1 })).toEqual({ signal: 'SIGKILL', status: null })
  expect(readFileSync(effect, 'utf8')).toBe('')
  expect(run({ 'after-effect': 1 })).toEqual({ signal: 'SIGKILL', status: null })
  expect(readFileSync(effect, 'utf8')).toBe('done')
  expect(readFileSync(crashRecord, 'utf8')).toMatch(/^\S+ \d+ before-effect\n\S+ \d+ after-effect\n$/)
})
