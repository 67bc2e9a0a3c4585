import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { isStale, withInstallLock } from './install-lock.mjs'

const GONE = { pid: 4_194_304, token: 'gone' }
let cache
let folder

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'weft-lock-'))
  folder = join(cache, 'installing.lock')
})
afterEach(() => rmSync(cache, { recursive: true }))

describe('a lock', () => {
  it('is stale when its owner is gone, or when another process got its id', () => {
    const isAlive = () => true
    const markOf = () => 'boot:200'
    expect(isStale({ pid: 1, mark: 'boot:200' }, { isAlive, markOf })).toBe(false)
    expect(isStale({ pid: 1, mark: 'boot:100' }, { isAlive, markOf })).toBe(true)
    expect(isStale({ pid: 1, mark: 'boot:200' }, { isAlive: () => false, markOf })).toBe(true)
  })

  it('counts as held where start times cannot be told', () => {
    expect(isStale({ pid: 1 }, { isAlive: () => true, markOf: () => undefined })).toBe(false)
  })

  it('lets one work at a time, and the second know whom it waits for', async () => {
    const order = []
    const told = []
    const first = withInstallLock(cache, async () => {
      order.push('first in')
      await new Promise((resolve) => setTimeout(resolve, 400))
      order.push('first out')
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await withInstallLock(cache, async () => order.push('second in'), { onWait: (pid) => told.push(pid) })
    await first
    expect(order).toEqual(['first in', 'first out', 'second in'])
    expect(told).toEqual([process.pid])
    expect(existsSync(folder)).toBe(false)
  })

  it('is released whole, while others try to get it all the time', async () => {
    let inside = 0
    let insideMax = 0
    const work = async () => {
      inside += 1
      insideMax = Math.max(insideMax, inside)
      await setImmediate()
      inside -= 1
    }
    const holders = []
    for (let count = 0; count < 300; count += 1) {
      holders.push(withInstallLock(cache, work, { signal: AbortSignal.timeout(200) }).catch(({ code }) => code))
      await setImmediate()
    }
    const outcomes = new Set(await Promise.all(holders))
    expect([...outcomes].filter((outcome) => outcome !== undefined && outcome !== 'INTERRUPTED')).toEqual([])
    expect(insideMax).toBe(1)
    expect(readdirSync(cache)).toEqual([])
  })

  it('left by a killed process is taken over, by one of many waiters', async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'owner.json'), JSON.stringify(GONE))
    let inside = 0
    let insideMax = 0
    const work = async () => {
      inside += 1
      insideMax = Math.max(insideMax, inside)
      await new Promise((resolve) => setTimeout(resolve, 20))
      inside -= 1
    }
    await Promise.all([1, 2, 3, 4].map(() => withInstallLock(cache, work)))
    expect(insideMax).toBe(1)
  })

  it('without an owner is taken over once it is old', async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'owner.json'), 'not json')
    const longAgo = Date.now() / 1000 - 60
    utimesSync(folder, longAgo, longAgo)
    expect(await withInstallLock(cache, async () => 'done')).toBe('done')
  })

  it('is released when the work fails', async () => {
    const failing = withInstallLock(cache, async () => {
      throw new Error('disk')
    })
    await expect(failing).rejects.toThrow('disk')
    expect(existsSync(folder)).toBe(false)
  })

  it('is no longer waited for after an interruption', async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, token: 'other' }))
    const waiting = withInstallLock(cache, async () => 'never', { signal: AbortSignal.timeout(50) })
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })
})
