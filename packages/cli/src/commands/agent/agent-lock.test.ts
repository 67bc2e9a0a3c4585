import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { takeAgentLock } from './agent-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-agents-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const url = 'http://127.0.0.1:8000'

it('an agent of a name is run once at a time, and others beside it', () => {
  const release = takeAgentLock(folder, { appId: 'ledger', url })
  expect(() => takeAgentLock(folder, { appId: 'ledger', url })).toThrow(
    expect.objectContaining({ code: 'agent_taken', message: expect.stringMatching(/^an agent "ledger" is running already/) }),
  )
  takeAgentLock(folder, { appId: 'ledger-2', url })()
  release()
  takeAgentLock(folder, { appId: 'ledger', url })()
  expect(readdirSync(folder)).toEqual([])
})

it('the name of an agent whose command was killed is free', () => {
  writeFileSync(join(folder, 'agent-ledger.lock'), JSON.stringify({ pid: process.pid, startMark: 'of an earlier process', url }))
  expect(() => takeAgentLock(folder, { appId: 'ledger', url })).not.toThrow()
})
