import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { holdsMeshLock, ownIdentity, readLockOwner, removeStaleLock, takeMeshLock } from './mesh-lock.ts'

let folder: string
let lockFile: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-lock-'))
  lockFile = join(folder, 'lock')
})
afterEach(() => rmSync(folder, { recursive: true }))

it('refuses a second supervisor, naming the address of the first', () => {
  const release = takeMeshLock(lockFile, 'http://127.0.0.1:8000')
  expect(() => takeMeshLock(lockFile, 'http://127.0.0.1:9000')).toThrow('already running at http://127.0.0.1:8000')
  release()
  expect(existsSync(lockFile)).toBe(false)
})

it('takes over from a supervisor that was killed, also when another process has its id now', () => {
  writeFileSync(lockFile, JSON.stringify({ pid: process.pid, startMark: 'of an earlier process', url: 'http://127.0.0.1:8000' }))
  expect(readLockOwner(lockFile)).toBeUndefined()
  takeMeshLock(lockFile, 'http://127.0.0.1:9000')
  expect(readLockOwner(lockFile)).toEqual({ ...ownIdentity(), url: 'http://127.0.0.1:9000', writtenAs: lockFile })
})

it('leaves the lock of another that took over from the killed one first', () => {
  const stale = JSON.stringify({ pid: process.pid, startMark: 'of an earlier process', url: 'http://127.0.0.1:8000' })
  writeFileSync(lockFile, stale)
  takeMeshLock(lockFile, 'http://127.0.0.1:9000')
  const taken = readFileSync(lockFile, 'utf8')
  expect(() => removeStaleLock(lockFile, stale)).toThrow('already running at http://127.0.0.1:9000')
  expect(readFileSync(lockFile, 'utf8')).toBe(taken)
  writeFileSync(lockFile, '{"pid":')
  expect(() => removeStaleLock(lockFile, stale)).toThrow('another start takes this data folder over')
  expect(readdirSync(folder)).toEqual(['lock'])
})

it('takes over a lock whose writing was cut short', () => {
  writeFileSync(lockFile, '{"pid":')
  takeMeshLock(lockFile, 'http://127.0.0.1:9000')
  expect(readLockOwner(lockFile)?.pid).toBe(process.pid)
})

it('says nothing of a copy of its folder, and all of a link to it', () => {
  const release = takeMeshLock(lockFile, 'http://127.0.0.1:8000')
  const [copied, linked] = [join(folder, 'copied'), join(folder, 'linked')]
  cpSync(lockFile, copied)
  symlinkSync(lockFile, linked)
  expect(readLockOwner(linked)?.pid).toBe(process.pid)
  expect(readLockOwner(copied)).toBeUndefined()
  takeMeshLock(copied, 'http://127.0.0.1:9000')()
  expect(readLockOwner(lockFile)?.url).toBe('http://127.0.0.1:8000')
  release()
})

it('is lost with its folder, and to whoever made the folder anew; releasing it then leaves the new one', () => {
  const release = takeMeshLock(lockFile, 'http://127.0.0.1:8000')
  expect(holdsMeshLock(lockFile)).toBe(true)
  rmSync(lockFile)
  expect(holdsMeshLock(lockFile)).toBe(false)
  const other = JSON.stringify({ pid: process.pid + 1, startMark: 'another', url: 'http://127.0.0.1:9000' })
  writeFileSync(lockFile, other)
  expect(holdsMeshLock(lockFile)).toBe(false)
  release()
  expect(readFileSync(lockFile, 'utf8')).toBe(other)
})
