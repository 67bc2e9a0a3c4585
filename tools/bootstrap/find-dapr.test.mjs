import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { daprFolders, findDapr, refuseDapr } from './find-dapr.mjs'

const ALL = { daprd: '/x/daprd', placement: '/x/placement', scheduler: '/x/scheduler' }
let home

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'weft-dapr-'))
})
afterEach(() => rmSync(home, { recursive: true }))

describe('looking for Dapr', () => {
  it('asks DAPR_RUNTIME_PATH first, then the home folder, then PATH, and no relative folder', () => {
    const env = { DAPR_RUNTIME_PATH: '/opt/dapr', HOME: '/home/ada', PATH: '/usr/bin:.:bin:/usr/local/bin' }
    expect(daprFolders(env)).toEqual(['/opt/dapr/.dapr/bin', '/home/ada/.dapr/bin', '/usr/bin', '/usr/local/bin'])
  })

  it('refuses an old one, one of unknown age and an incomplete one, saying why', () => {
    expect(refuseDapr(ALL, '1.18.0')).toBeUndefined()
    expect(refuseDapr(ALL, '1.17.9')).toBe('version 1.17.9 is not 1.18.0 or newer')
    expect(refuseDapr(ALL, 'edge')).toBe('version edge is not 1.18.0 or newer')
    expect(refuseDapr({ daprd: '/x/daprd', placement: undefined }, '1.18.2')).toBe('placement and scheduler missing')
  })

  it('passes over an old one and takes the next', async () => {
    install(join(home, 'old'), '1.16.0')
    install(home, '1.19.1')
    const notes = []
    const env = { DAPR_RUNTIME_PATH: join(home, 'old'), HOME: home, PATH: '/bin' }
    const found = await findDapr({ env, note: (text) => notes.push(text) })
    expect(found).toEqual({ ...programs(home), version: '1.19.1' })
    expect(notes).toEqual([`passed over ${join(home, 'old', '.dapr', 'bin')}: version 1.16.0 is not 1.18.0 or newer`])
  })

  it('finds nothing where there is nothing', async () => {
    expect(await findDapr({ env: { HOME: home, PATH: '' }, note: () => {} })).toBeUndefined()
  })
})

function install(root, version) {
  mkdirSync(join(root, '.dapr', 'bin'), { recursive: true })
  for (const path of Object.values(programs(root))) {
    writeFileSync(path, `#!/bin/sh\necho ${version}\n`)
    chmodSync(path, 0o755)
  }
}

function programs(root) {
  return Object.fromEntries(Object.keys(ALL).map((name) => [name, join(root, '.dapr', 'bin', name)]))
}
