import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { checkPlace } from './check-place.ts'
import { choosePorts } from './choose-ports.ts'
import { createFolders, dataPaths } from './data-paths.ts'
import { writeMeshRecord } from './mesh-file.ts'
import { ownIdentity, takeMeshLock } from './mesh-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-place-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function wrong(): Promise<Record<string, string>> {
  const { port = 0 } = await choosePorts(['port'])
  const findings = await checkPlace({ dataFolder: folder, port, redisUrl: undefined, databaseUrls: undefined })
  return Object.fromEntries(findings.flatMap(({ what, ok, detail }) => (ok ? [] : [[what, detail]])))
}

it('finds nothing wrong with an empty folder', async () => {
  expect(await wrong()).toEqual({})
})

it('names an admin key that nobody could use', async () => {
  writeFileSync(join(folder, 'admin.key'), 'spoilt\n', { mode: 0o600 })
  expect(await wrong()).toEqual({ 'admin key': expect.stringContaining('holds no usable key') })
})

it('names what a process of a running mesh waits for, and not what one before it did', async () => {
  const { lockFile, meshFile, logs } = dataPaths(folder)
  createFolders(dataPaths(folder))
  takeMeshLock(lockFile, 'http://127.0.0.1:1')
  const startedAt = '2026-12-01T12:00:00.000Z'
  const gateway = { name: 'gateway', ports: {}, state: 'starting' as const, restarts: 0, pid: process.pid, startedAt }
  const planner = { name: 'planner', ports: {}, state: 'restarting' as const, restarts: 3, lastExit: 'exited with 1' }
  const processes = [gateway, planner]
  writeMeshRecord(meshFile, {
    supervisor: ownIdentity(),
    url: 'http://127.0.0.1:1',
    startedAt,
    ready: false,
    processes,
    ports: {},
  })
  const line = (timestamp: string, cause: string) => `${JSON.stringify({ timestamp, level: 'error', cause })}\n`
  writeFileSync(join(logs, 'gateway.log'), line('2026-12-01T11:00:00.000Z', 'an older trouble'))
  expect(await wrong()).toEqual({ processes: 'gateway is starting; planner is restarting: exited with 1' })
  writeFileSync(join(logs, 'gateway.log'), line('2026-12-01T12:00:01.000Z', 'the database is of a newer version'))
  expect(await wrong()).toMatchObject({
    processes: expect.stringMatching(/^gateway is starting: the database is of a newer version;/),
  })
})

it('names a port that is taken', async () => {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(Reflect.get(server.address() ?? {}, 'port')))
  })
  const findings = await checkPlace({ dataFolder: folder, port, redisUrl: undefined, databaseUrls: undefined })
  server.close()
  expect(findings.find(({ what }) => what === 'port')).toMatchObject({ ok: false, detail: `${port} is taken` })
})
