import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { redisRemedy } from './ensure-redis.mjs'
import { findRedis, redisVersion } from './find-redis.mjs'
import { libraryNames } from './unpack-redis.mjs'

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
  it('takes along the shared libraries that this machine lacks, and no daemon’s helpers', () => {
    const simulation = [
      'The following NEW packages will be installed:',
      'Inst libjemalloc2 (5.3.0-1 Debian:12 [amd64])',
      'Inst lua-cjson (2.1.0-2 Debian:12 [amd64])',
      'Inst lsb-base (11.6 Debian:12 [all])',
      'Inst redis-server (5:7.0.15-1 Debian:12 [amd64])',
      'Conf libjemalloc2 (5.3.0-1 Debian:12 [amd64])',
    ]
    expect(libraryNames(simulation.join('\n'))).toEqual(['libjemalloc2', 'lua-cjson'])
  })
})

function place(name, script) {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}
