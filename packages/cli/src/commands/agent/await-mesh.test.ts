import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { type MeshRecord, writeMeshRecord } from '../../supervisor/mesh-file.ts'
import { ownIdentity } from '../../supervisor/mesh-lock.ts'
import { lookForMesh, type MeshState, outlastMesh } from './await-mesh.ts'

const there = (startedAt: string): MeshState => ({ state: 'there', startedAt })
const gone: MeshState = { state: 'gone' }

/** What a watch says of a mesh that is found in these states, one after another, and stays in the last. */
async function watch(states: MeshState[], patienceMs: number): Promise<string[]> {
  const said: string[] = []
  const end = await outlastMesh({
    look: () => (states.length > 1 ? states.shift() : states[0]) ?? gone,
    startedAt: 'at first',
    onGone: () => void said.push('is gone'),
    onBack: () => void said.push('is back'),
    signal: AbortSignal.timeout(200),
    patienceMs,
    pollMs: 1,
  })
  return [...said, `ended: ${end}`]
}

it('an agent waits for a mesh that is gone, and no longer than it has patience', async () => {
  expect(await watch([there('at first'), gone, gone, there('again')], 60_000)).toEqual(['is gone', 'is back', 'ended: there'])
  expect(await watch([there('at first'), gone], 20)).toEqual(['is gone', 'ended: gone'])
})

it('it hears of a mesh that was started again before it was seen to be gone', async () => {
  expect(await watch([there('at first'), there('again')], 60_000)).toEqual(['is back', 'ended: there'])
})

it('it does not wait for one that came back elsewhere', async () => {
  expect(await watch([gone, { state: 'moved' }], 60_000)).toEqual(['is gone', 'ended: moved'])
})

it('a mesh is there as long as anything of it runs, at the ports where it was', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-watch-'))
  const file = join(folder, 'mesh.json')
  const ended = { pid: 1, startMark: 'of a process that is gone' }
  const left = { name: 'redis', ...ownIdentity(), ports: {}, state: 'ready' as const, restarts: 0 }
  const joined: MeshRecord = {
    supervisor: ownIdentity(),
    url: 'http://127.0.0.1:8000',
    startedAt: 'today',
    ready: true,
    processes: [],
    ports: { 'redis.tcp': 16_001 },
  }
  const now = (record: Partial<MeshRecord>): MeshState => {
    writeMeshRecord(file, { ...joined, ...record })
    return lookForMesh(file, joined)
  }
  expect(lookForMesh(file, joined)).toEqual(gone)
  expect(now({})).toEqual(there('today'))
  expect(now({ supervisor: ended })).toEqual(gone)
  expect(now({ supervisor: ended, processes: [left] })).toEqual(there('today'))
  expect(now({ ports: { 'redis.tcp': 16_002 } })).toEqual({ state: 'moved' })
  rmSync(folder, { recursive: true })
})
