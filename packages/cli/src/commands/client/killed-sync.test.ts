import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { rootFolder } from '../../cli-settings.ts'
import { type FakeKnowledgeServer, startFakeKnowledgeServer } from './testing/fake-knowledge-server.ts'

const fileCount = 300
let folder: string
let dataFolder: string
let server: FakeKnowledgeServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-killed-'))
  dataFolder = await mkdtemp(join(tmpdir(), 'weft-data-'))
  server = await startFakeKnowledgeServer()
})
afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
  await rm(dataFolder, { recursive: true })
})

function startSync(): ChildProcess {
  return spawn(process.execPath, [join(rootFolder, 'packages/cli/src/main.ts'), 'ingest', folder, '--json'], {
    env: { WEFT_URL: server.url, WEFT_API_KEY: 'weft_test', WEFT_DATA: dataFolder, NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Kills a sync, as the kernel does, once that many more uploads have arrived. */
async function killAfter(uploads: number): Promise<void> {
  const child = startSync()
  const ended = once(child, 'close')
  const from = server.uploads()
  while (server.uploads() < from + uploads && child.exitCode === null) await sleep(1)
  child.kill('SIGKILL')
  await ended
}

async function syncToTheEnd(): Promise<{ code: unknown; report: unknown }> {
  const child = startSync()
  let stdout = ''
  child.stdout?.on('data', (data: Buffer) => {
    stdout += data
  })
  const [code]: unknown[] = await once(child, 'close')
  return { code, report: JSON.parse(stdout) }
}

async function writeVersion(names: string[], version: string): Promise<void> {
  for (const name of names) {
    await writeFile(join(folder, name), `${version} text of ${name}`)
    await utimes(join(folder, name), 1_700_000_000, 1_700_000_000)
  }
}

const expected = (versions: Map<string, string>) =>
  [...versions].map(([path, version]) => ({
    path,
    sha256: createHash('sha256').update(`${version} text of ${path}`).digest('hex'),
  }))
const byPath = (a: { path: unknown }, b: { path: unknown }) => (String(a.path) < String(b.path) ? -1 : 1)

it('a sync that is killed again and again is completed exactly by the next, each file once', async () => {
  const names = Array.from({ length: fileCount }, (_, index) => `file-${index}.md`)
  await writeVersion(names, 'first')
  for (const uploads of [1, 70, 120]) await killAfter(uploads)
  expect(await syncToTheEnd()).toMatchObject({ code: 0, report: { failed: [] } })
  const versions = new Map(names.map((name) => [name, 'first']))
  expect(server.entries().toSorted(byPath)).toEqual(expected(versions).toSorted(byPath))
  expect(server.fileCount()).toBe(fileCount)

  const changed = names.slice(0, 80)
  await writeVersion(changed, 'second')
  for (const name of names.slice(-5)) {
    await unlink(join(folder, name))
    versions.delete(name)
  }
  for (const name of changed) versions.set(name, 'second')
  await killAfter(40)
  expect(await syncToTheEnd()).toMatchObject({ code: 0, report: { failed: [] } })
  expect(server.entries().toSorted(byPath)).toEqual(expected(versions).toSorted(byPath))
  expect(server.fileCount()).toBe(fileCount - 5)
  const uploads = server.uploads()
  expect(await syncToTheEnd()).toMatchObject({ code: 0, report: { unchanged: fileCount - 5, added: 0, changed: 0, removed: 0 } })
  expect(server.uploads()).toBe(uploads)
})

it('a sync outlasts a gateway that is killed again and again, sends each file once and attaches it once', async () => {
  const names = Array.from({ length: fileCount }, (_, index) => `file-${index}.md`)
  await writeVersion(names, 'first')
  const sync = syncToTheEnd()
  for (const uploads of [1, 70, 150, 299]) {
    while (server.uploads() < uploads) await sleep(1)
    await server.outage(700)
  }
  expect(await sync).toMatchObject({ code: 0, report: { added: fileCount, failed: [] } })
  expect(server.entries().toSorted(byPath)).toEqual(expected(new Map(names.map((name) => [name, 'first']))).toSorted(byPath))
  expect({ uploads: server.uploads(), attachments: server.attachments() }).toEqual({ uploads: fileCount, attachments: fileCount })
})
