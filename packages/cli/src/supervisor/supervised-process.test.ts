import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { ProcessSnapshot } from './process-snapshot.ts'
import type { ProcessSpec } from './process-spec.ts'
import { readStartMark } from './running-process.ts'
import { SupervisedProcess } from './supervised-process.ts'

let health: Server
let changes: ProcessSnapshot[]
let lines: string
let supervised: SupervisedProcess | undefined

beforeEach(async () => {
  changes = []
  lines = ''
  // Health is answered here: the processes under test only live and die.
  health = createServer((_request, response) => response.end())
  await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await supervised?.stop()
  await new Promise((resolve) => health.close(resolve))
})

function supervise(script: string, more: Partial<ProcessSpec> = {}): SupervisedProcess {
  const spec: ProcessSpec = {
    name: 'example',
    command: process.execPath,
    args: ['-e', script],
    env: {},
    cwd: '/',
    ports: {},
    startsAfter: [],
    probe: { kind: 'http', port: (health.address() as AddressInfo).port, path: '/' },
    unhealthyAfterMs: 30_000,
    stopStage: 1,
    stopGraceMs: 20_000,
    ...more,
  }
  const write = (chunk: Uint8Array | string): void => {
    lines += chunk.toString()
  }
  const log = { write, close: () => undefined }
  supervised = new SupervisedProcess(spec, { log, onChange: (snapshot) => changes.push(snapshot) })
  supervised.start()
  return supervised
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadlineMs = Date.now() + 50_000; !isSo(); await sleep(20)) {
    if (Date.now() > deadlineMs) throw new Error(`not within 50 s; states: ${changes.map(({ state }) => state).join(', ')}`)
  }
}

const idle = 'setInterval(() => {}, 1000)'

it('starts a killed process again and says how it ended', async () => {
  const one = supervise(idle)
  await one.firstReady
  const { pid = 0 } = one.snapshot()
  process.kill(pid, 'SIGKILL')
  await until(() => one.snapshot().restarts === 1 && one.snapshot().state === 'ready')
  expect(one.snapshot().pid).not.toBe(pid)
  expect(one.snapshot().lastExit).toContain('was ended by SIGKILL, as the system does when memory runs out, at ')
  expect(lines).toContain('starting it again at once')
})

it('ends a process that is to begin anew, and starts it again', async () => {
  const one = supervise(idle)
  await one.firstReady
  const { pid } = one.snapshot()
  one.restart()
  await until(() => one.snapshot().restarts === 1 && one.snapshot().state === 'ready')
  expect(one.snapshot().pid).not.toBe(pid)
})

it('counts how often a process ended without getting anywhere', async () => {
  const one = supervise('process.exit(3)', { probe: { kind: 'http', port: 1, path: '/' } })
  await until(() => one.failuresBeforeReady >= 2)
  expect(one.snapshot().lastExit).toContain('exited with 3')
})

it('does not start again what says that it will never be ready, unless it was before', async () => {
  const refuses = supervise('process.exit(78)', { refusalExitCode: 78, probe: { kind: 'http', port: 1, path: '/' } })
  await until(() => refuses.hasRefused)
  expect(changes.map(({ state }) => state)).toEqual(['starting', 'stopped'])
  const served = supervise(`process.on('SIGTERM', () => process.exit(78)); ${idle}`, { refusalExitCode: 78 })
  await served.firstReady
  process.kill(served.snapshot().pid ?? 0, 'SIGTERM')
  await until(() => served.snapshot().restarts === 1)
  expect(served.hasRefused).toBe(false)
})

it('keeps trying a program that is not there, and says so', async () => {
  const one = supervise(idle, { command: '/nowhere/at-all' })
  await until(() => one.failuresBeforeReady >= 1)
  expect(one.snapshot().lastExit).toContain('could not be started')
})

it('kills and restarts a process that answers nothing any more', async () => {
  const one = supervise(idle, { unhealthyAfterMs: 0 })
  await one.firstReady
  await new Promise((resolve) => health.close(resolve))
  await until(() => changes.some(({ state }) => state === 'restarting'))
  expect(lines).toContain('answered nothing for')
})

it('lets a process end in its own time', async () => {
  const one = supervise(`process.on('SIGTERM', () => { console.log('saved'); process.exit(0) }); console.log('at work'); ${idle}`)
  await until(() => lines.includes('at work'))
  await one.stop()
  expect(lines).toContain('saved')
  expect(one.snapshot().state).toBe('stopped')
})

it('kills a process that does not end when told, with all it started', async () => {
  const script = `process.on('SIGTERM', () => {}); const c = require('child_process').spawn(process.execPath, ['-e', '${idle}']); console.log('child', c.pid); ${idle}`
  const one = supervise(script, { stopGraceMs: 300 })
  await until(() => /child \d+/.test(lines))
  const childPid = Number(/child (\d+)/.exec(lines)?.[1])
  await one.stop()
  await until(() => readStartMark(childPid) === undefined)
  expect(one.snapshot().pid).toBeUndefined()
})
