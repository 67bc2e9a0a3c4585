import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { findOrphans } from './end-orphans.ts'
import { readMeshRecord, writeMeshRecord } from './mesh-file.ts'
import { ownIdentity } from './mesh-lock.ts'

it('tells of no mesh after a power cut left nothing of it, nor in a copy of the data folder, so that a backup ends no process of the mesh it was taken from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-record-'))
  const file = join(folder, 'mesh.json')
  const self = { ...ownIdentity(), name: 'redis', ports: {}, state: 'ready' as const, restarts: 0 }
  const record = {
    supervisor: ownIdentity(),
    url: 'http://127.0.0.1:8000',
    startedAt: '',
    ready: true,
    processes: [self],
    ports: {},
  }
  writeMeshRecord(file, record)
  expect(findOrphans(readMeshRecord(file))).toMatchObject([{ name: 'redis' }])
  const [copied, linked] = [join(folder, 'copied.json'), join(folder, 'linked.json')]
  cpSync(file, copied)
  symlinkSync(file, linked)
  expect(readMeshRecord(copied)).toBeUndefined()
  expect(readMeshRecord(linked)).toMatchObject(record)
  writeFileSync(file, '')
  expect(readMeshRecord(file)).toBeUndefined()
  rmSync(folder, { recursive: true })
})
