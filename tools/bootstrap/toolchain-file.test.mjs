import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readToolchain, toolchainEnvironment, toolchainFile, writeToolchain } from './toolchain-file.mjs'

const NAMES = ['nodeBin', 'pnpmCli', 'daprd', 'placement', 'scheduler', 'redisServer']
let cache
let entries

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'weft-toolchain-'))
  mkdirSync(join(cache, 'bin'))
  entries = { binFolder: join(cache, 'bin') }
  for (const name of NAMES) {
    entries[name] = join(cache, name)
    writeFileSync(entries[name], name)
  }
})
afterEach(() => rmSync(cache, { recursive: true }))

describe('the remembered toolchain', () => {
  it('is believed while its files are as they were', () => {
    writeToolchain(cache, entries, {})
    expect(readToolchain(cache, { env: {} })).toMatchObject(entries)
  })

  it('is looked for again when a program was replaced or removed', () => {
    writeToolchain(cache, entries, {})
    writeFileSync(entries.redisServer, 'another version')
    expect(readToolchain(cache, { env: {} })).toBeUndefined()
    expect(readToolchain(cache, { needs: ['node', 'pnpm', 'dapr'], env: {} })).toMatchObject({ daprd: entries.daprd })
    rmSync(entries.daprd)
    expect(readToolchain(cache, { needs: ['dapr'], env: {} })).toBeUndefined()
  })

  it('is looked for again when DAPR_RUNTIME_PATH points elsewhere', () => {
    writeToolchain(cache, entries, {})
    expect(readToolchain(cache, { env: { DAPR_RUNTIME_PATH: '/opt/dapr' } })).toBeUndefined()
  })

  it('grows step by step, each step kept when a later one fails', () => {
    writeToolchain(cache, { redisServer: entries.redisServer }, {})
    expect(readToolchain(cache, { env: {} })).toBeUndefined()
    const { redisServer: _, ...rest } = entries
    writeToolchain(cache, rest, {})
    expect(readToolchain(cache, { env: {} })).toMatchObject(entries)
  })

  it('is nothing when its file is damaged', () => {
    writeFileSync(toolchainFile(cache), '{"recipe": ')
    expect(readToolchain(cache, { env: {} })).toBeUndefined()
  })

  it('puts its own node and pnpm before the machine’s', () => {
    const env = toolchainEnvironment(entries, { cache, env: { PATH: '/usr/bin', OPENAI_API_KEY: 'kept' } })
    expect(env).toMatchObject({
      PATH: `${cache}/bin:/usr/bin`,
      OPENAI_API_KEY: 'kept',
      WEFT_TOOLCHAIN: `${cache}/toolchain.json`,
    })
  })
})
