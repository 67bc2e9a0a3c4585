import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { redisRemedy } from './ensure-redis.mjs'
import { findRedis, redisVersion } from './find-redis.mjs'
import { installedPackages, libraryNames } from './unpack-redis.mjs'

let folder

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-redis-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('looking for Redis', () => {
  it('reads the version of Redis and of Valkey', () => {
    expect(redisVersion('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64')).toBe('7.0.15')
    expect(redisVersion('Valkey server v=8.1.3 sha=00000000:0 malloc=jemalloc-5.3.0')).toBe('8.1.3')
    expect(redisVersion('something else')).toBeUndefined()
  })

  it('passes over one that is too old, saying so', async () => {
    place('redis-server', 'echo "Redis server v=6.0.16 sha=0"')
    place('valkey-server', 'echo "Valkey server v=8.0.1 sha=0"')
    const notes = []
    const found = await findRedis({ cache: folder, env: { PATH: folder }, note: (text) => notes.push(text) })
    expect(notes).toEqual([`passed over ${join(folder, 'redis-server')}: version 6.0.16 is not 6.2.0 or newer`])
    expect(found).toEqual({ path: join(folder, 'valkey-server'), version: '8.0.1' })
  })

  it('names the command of this system to type, with sudo only where it is needed', () => {
    place('dnf', 'true')
    expect(redisRemedy({ env: { PATH: folder }, isRoot: false })).toBe('sudo dnf install redis')
    expect(redisRemedy({ env: { PATH: folder }, isRoot: true })).toBe('dnf install redis')
    expect(redisRemedy({ env: { PATH: '' }, isRoot: false })).toBe('brew install redis')
  })
})

describe('unpacking Debian’s package', () => {
  it('takes the shared libraries it depends on, once each', () => {
    const depends =
      'redis-tools\n  Depends: libc6\n  Depends: liblzf1\nlibc6\nliblzf1\n<libc-dev>\nlua-cjson:amd64\nliblzf1\nadduser\n'
    expect(libraryNames(depends)).toEqual(['libc6', 'liblzf1', 'lua-cjson'])
  })

  it('leaves out what is installed, but not what was removed', () => {
    expect(installedPackages('libc6:amd64\t\tinstall\nliblzf1\tdeinstall\nlua-cjson\thold\n')).toEqual(['libc6', 'lua-cjson'])
  })
})

function place(name, script) {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}
