import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { checkPlace } from './check-place.ts'
import { choosePorts } from './choose-ports.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-place-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function wrong(): Promise<Record<string, string>> {
  const { port = 0 } = await choosePorts(['port'])
  const findings = await checkPlace({ dataFolder: folder, port })
  return Object.fromEntries(findings.flatMap(({ what, ok, detail }) => (ok ? [] : [[what, detail]])))
}

it('finds nothing wrong with an empty folder', async () => {
  expect(await wrong()).toEqual({})
})

it('names an admin key that nobody could use', async () => {
  writeFileSync(join(folder, 'admin.key'), 'spoilt\n', { mode: 0o600 })
  expect(await wrong()).toEqual({ 'admin key': expect.stringContaining('holds no usable key') })
})

it('names a port that is taken', async () => {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(Reflect.get(server.address() ?? {}, 'port')))
  })
  const findings = await checkPlace({ dataFolder: folder, port })
  server.close()
  expect(findings.find(({ what }) => what === 'port')).toMatchObject({ ok: false, detail: `${port} is taken` })
})
