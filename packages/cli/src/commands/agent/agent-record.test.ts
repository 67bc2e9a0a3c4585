import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { readStartMark } from '../../supervisor/running-process.ts'
import { takeAgentLock } from './agent-lock.ts'
import { agentLockFile, endAgents, endLeftAgent, endLeftAgents, runningAgents, writeAgentRecord } from './agent-record.ts'

let run: string
let child: ChildProcess
beforeEach(async () => {
  run = mkdtempSync(join(tmpdir(), 'weft-agents-'))
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
  await once(child, 'spawn')
  const { pid = 0 } = child
  const left = { name: 'ledger', pid, startMark: readStartMark(pid) ?? '', ports: {}, state: 'ready' as const, restarts: 0 }
  writeAgentRecord({ run, appId: 'ledger' }, [left])
})
afterEach(() => {
  child.kill('SIGKILL')
  rmSync(run, { recursive: true })
})

it('what a killed command left of its agent is ended before the agent is run again', async () => {
  const ended = once(child, 'exit')
  expect(await endLeftAgent({ run, appId: 'ledger' })).toBe(1)
  await ended
  expect(readdirSync(run)).toEqual([])
  expect(await endLeftAgent({ run, appId: 'ledger' })).toBe(0)
})

it('the end of a mesh ends what was left of agents, and no agent whose command runs', async () => {
  const release = takeAgentLock(run, { appId: 'ledger', url: 'http://127.0.0.1:8000' })
  expect(await endLeftAgents(run)).toBe(0)
  release()
  expect(await endLeftAgents(run)).toBe(1)
  expect(await endLeftAgents(join(run, 'of no mesh'))).toBe(0)
})

it('the end of a mesh has the commands of agents end, and names them', async () => {
  const lock = agentLockFile({ run, appId: 'ledger' })
  const { pid = 0 } = child
  writeFileSync(lock, JSON.stringify({ pid, startMark: readStartMark(pid), url: 'http://127.0.0.1:8000', writtenAs: lock }))
  expect(runningAgents(run)).toEqual(['ledger'])
  const ended = once(child, 'exit')
  await endAgents(run)
  expect(await ended).toEqual([null, 'SIGTERM'])
  expect(runningAgents(run)).toEqual([])
})
