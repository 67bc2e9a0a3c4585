import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { findLastReason } from './last-reason.ts'

const logs = mkdtempSync(join(tmpdir(), 'weft-logs-'))
afterAll(() => rmSync(logs, { recursive: true, force: true }))

const ended = '{"level":"warn","message":"supervisor: orchestrator exited with 1; starting it again in 10 s"}'
const words = [
  'orchestrator could not start: policies.yaml is not usable:',
  '  policies.yaml:1 policies.0: Unrecognized key: "macth"',
]
const isListening = '{"level":"info","message":"orchestrator is listening"}'
const isDown = '{"level":"warn","cause":"WeftError: the database is not reachable","message":"the log waits"}'

function reasonIn(lines: string[]): string | undefined {
  writeFileSync(join(logs, 'orchestrator.log'), `${lines.join('\n')}\n`)
  return findLastReason({ name: 'orchestrator' }, logs)
}

it('is what a process said when it could not start, all lines of it', () => {
  const said = 'policies.yaml is not usable: policies.yaml:1 policies.0: Unrecognized key: "macth"'
  expect(reasonIn([isListening, ended, ...words, ended])).toBe(said)
  expect(reasonIn([...words, ended, ...words])).toBe(said)
})

it('is the last cause that was logged where it has started since', () => {
  expect(reasonIn([...words, ended, isListening])).toBeUndefined()
  expect(reasonIn([...words, ended, isListening, isDown])).toBe('the database is not reachable')
  expect(reasonIn([isDown, 'a warning of a library', ended])).toBe('the database is not reachable')
})
