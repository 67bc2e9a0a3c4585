import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeWaits } from './describe-waits.ts'

let logs: string
beforeEach(() => {
  logs = mkdtempSync(join(tmpdir(), 'weft-logs-'))
})
afterEach(() => rmSync(logs, { recursive: true }))

const inState = (name: string, state: 'ready' | 'starting' | 'waiting') => ({ name, state, ports: {}, restarts: 0 })

it('a mesh that is not ready says which process waits for what, as its log has it', () => {
  const lines = [
    { level: 'warn', message: 'old' },
    { level: 'warn', message: 'files could not be listed', cause: 'WeftError: the database is not reachable (ECONNREFUSED)' },
    { level: 'warn', message: 'slow query' },
    { level: 'info', message: 'started' },
  ]
  writeFileSync(join(logs, 'rag.log'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\nno JSON\n`)
  expect(describeWaits([inState('redis', 'ready'), inState('rag', 'starting'), inState('gateway', 'waiting')], logs)).toEqual([
    '  rag      is not ready yet: the database is not reachable (ECONNREFUSED)',
    '  gateway  is not ready yet: see npx weft logs gateway',
  ])
  expect(describeWaits([inState('redis', 'ready')], logs)).toEqual([])
})
