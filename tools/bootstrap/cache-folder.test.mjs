import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { cacheFolder, completeFolder, createFolder, sweepUnfinished } from './cache-folder.mjs'

let cache

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'weft-cache-'))
})
afterEach(() => rmSync(cache, { recursive: true }))

describe('the cache folder', () => {
  it('is where WEFT_CACHE says, else beside the user’s other caches', () => {
    expect(cacheFolder({ WEFT_CACHE: '/big/weft', XDG_CACHE_HOME: '/xdg', HOME: '/home/ada' })).toBe('/big/weft')
    expect(cacheFolder({ XDG_CACHE_HOME: '/xdg', HOME: '/home/ada' })).toBe('/xdg/weft')
    expect(cacheFolder({ HOME: '/home/ada' })).toBe('/home/ada/.cache/weft')
  })

  it('shows a folder under its name only when it is complete', async () => {
    const filling = completeFolder(cache, 'tool-1.0', async (unfinished) => {
      writeFileSync(join(unfinished, 'half'), 'x')
      expect(existsSync(join(cache, 'tool-1.0'))).toBe(false)
      throw new Error('interrupted')
    })
    await expect(filling).rejects.toThrow('interrupted')
    expect(readdirSync(cache)).toEqual([])
  })

  it('fills a folder once', async () => {
    let fillCount = 0
    const fill = async () => {
      fillCount += 1
    }
    expect(await completeFolder(cache, 'tool-1.0', fill)).toBe(join(cache, 'tool-1.0'))
    await completeFolder(cache, 'tool-1.0', fill)
    expect(fillCount).toBe(1)
  })

  it('is rid of what a killed bootstrap left, and of nothing that is still being built', async () => {
    for (const name of [`unfinished-4194304-abc`, `unfinished-${process.ppid}-abc`, 'node-24.0.0']) mkdirSync(join(cache, name))
    await sweepUnfinished(cache)
    expect(readdirSync(cache).sort()).toEqual(['node-24.0.0', `unfinished-${process.ppid}-abc`])
  })
})

describe('createFolder', () => {
  it('creates what is missing and leaves alone what is there', () => {
    createFolder(join(cache, 'a', 'b'))
    createFolder(join(cache, 'a', 'b'))
    expect(readdirSync(join(cache, 'a'))).toEqual(['b'])
  })

  it('refuses a place in which nothing can be made, at once', () => {
    expect(() => createFolder('/proc/weft/cache')).toThrow('/proc/weft')
  })
})
