import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { installWorkspace, isWorkspaceInstalled, packageFiles } from './install-workspace.mjs'

let root

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weft-workspace-'))
  for (const folder of ['node_modules', 'packages/one/node_modules', 'packages/two/src'])
    mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'lockfileVersion: 9')
  writePackage('.', {})
  writePackage('packages/one', { zod: '4.0.0' })
  writePackage('packages/two', {})
})
afterEach(() => rmSync(root, { recursive: true }))

describe('installing the workspace', () => {
  it('finds the packages two folders deep, and none inside node_modules', () => {
    mkdirSync(join(root, 'node_modules', 'zod'))
    writePackage('node_modules/zod', {})
    expect(packageFiles(root)).toEqual(['package.json', 'packages/one/package.json', 'packages/two/package.json'])
  })

  it('runs pnpm once, and not again while nothing changed', async () => {
    await install('exit 0')
    expect(isWorkspaceInstalled(root)).toBe(true)
    await install('exit 1')
    expect(calls()).toHaveLength(1)
    expect(calls()[0]).toContain('install --frozen-lockfile')
  })

  it('is due after the lockfile or a package changed, or its node_modules went', async () => {
    await install('exit 0')
    writeFileSync(join(root, 'pnpm-lock.yaml'), 'lockfileVersion: 9 # more')
    expect(isWorkspaceInstalled(root)).toBe(false)
    await install('exit 0')
    writePackage('packages/two', { pg: '8.0.0' })
    expect(isWorkspaceInstalled(root)).toBe(false)
    writePackage('packages/two', {})
    expect(isWorkspaceInstalled(root)).toBe(true)
    rmSync(join(root, 'packages/one/node_modules'), { recursive: true })
    expect(isWorkspaceInstalled(root)).toBe(false)
  })

  it('stays due after a failure', async () => {
    await expect(install('echo broken >&2; exit 1')).rejects.toMatchObject({ code: 'STEP_FAILED', output: ['broken'] })
    expect(isWorkspaceInstalled(root)).toBe(false)
  })
})

function writePackage(folder, dependencies) {
  writeFileSync(join(root, folder, 'package.json'), JSON.stringify({ dependencies }))
}

/** Stands in for Node: it notes how pnpm would have been called. */
function install(script) {
  const nodeBin = join(root, 'fake-node')
  writeFileSync(nodeBin, `#!/bin/sh\necho "$@" >> ${join(root, 'calls')}\n${script}\n`)
  chmodSync(nodeBin, 0o755)
  const toolchain = { nodeBin, pnpmCli: 'pnpm.mjs', binFolder: root }
  return installWorkspace(root, toolchain, { cache: root, env: process.env, note: () => {} })
}

function calls() {
  return readFileSync(join(root, 'calls'), 'utf8').trim().split('\n')
}
