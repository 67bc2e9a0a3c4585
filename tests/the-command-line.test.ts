import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { runWeft } from './mesh/running-mesh.ts'
import { openAiClient, sharedMesh, weft } from './mesh/shared-mesh.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-folder-'))
  await mkdir(join(folder, 'notes'))
  await writeFile(
    join(folder, 'notes', 'otters.md'),
    '# Otters\n\nOtters hold hands while they sleep, so that they do not drift apart.\n',
  )
  await writeFile(join(folder, 'beavers.txt'), 'Beavers build dams from branches and mud.\n')
  await writeFile(join(folder, 'picture.png'), new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0]))
  await symlink(folder, join(folder, 'loop'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('weft ingest', () => {
  it('takes a folder in, says what it skipped and why, and a second time touches only what changed', async () => {
    const first = await weft(['ingest', folder, '--store', 'animals', '--json'])
    expect(first).toMatchObject({ code: 0 })
    expect(JSON.parse(first.stdout)).toMatchObject({ added: 2, changed: 0, unchanged: 0 })
    expect(first.stdout).toMatch(/picture\.png/)
    await writeFile(join(folder, 'beavers.txt'), 'Beavers build dams from branches, stones and mud.\n')
    await rm(join(folder, 'notes', 'otters.md'))
    const second = await weft(['ingest', folder, '--store', 'animals', '--json'])
    expect(JSON.parse(second.stdout)).toMatchObject({ added: 0, changed: 1, removed: 1, unchanged: 0 })
    await writeFile(
      join(folder, 'notes', 'otters.md'),
      '# Otters\n\nOtters hold hands while they sleep, so that they do not drift apart.\n',
    )
    const third = await weft(['ingest', folder, '--store', 'animals', '--json'])
    expect(JSON.parse(third.stdout)).toMatchObject({ added: 1, unchanged: 1 })
  })
})

describe('weft ask and search', () => {
  it('streams an answer, then its sources with file and quote, and says which model it was', async () => {
    const { code, output } = await weft(['ask', 'Why do otters hold hands?', '--store', 'animals'])
    expect(code).toBe(0)
    expect(output).toMatch(/drift apart.*\[1\]/s)
    expect(output).toMatch(/otters\.md/)
    expect(output).toMatch(/offline/i)
  })

  it('finds passages', async () => {
    const { code, output } = await weft(['search', 'beaver dams', '--store', 'animals'])
    expect(code).toBe(0)
    expect(output).toMatch(/beavers\.txt/)
  })
})

describe('weft settings', () => {
  let server: ModelServer
  beforeAll(async () => {
    server = await startOpenAiServer({ port: sharedMesh().openAiPort, models: ['test-model', 'set-model'] })
  })
  afterAll(async () => {
    await weft(['settings', 'reset', 'defaultModel', 'models'])
    await server.stop()
  })

  it('sets what counts in every process within seconds, and says where each value comes from', async () => {
    const isOffline = async () =>
      /offline model/.test((await weft(['ask', 'Why do otters hold hands?', '--store', 'animals'])).output)
    expect(await isOffline()).toBe(true)
    const { stdout } = await weft(['settings', 'set', 'defaultModel=openai/set-model', '--json'])
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'defaultModel', value: 'openai/set-model', source: 'database' }])
    await until(async () => !(await isOffline()))
    expect((await weft(['settings'])).output).toMatch(/defaultModel +database +openai\/set-model/)
    const reset = await weft(['settings', 'reset', 'defaultModel'])
    expect(reset.output).toMatch(/defaultModel +environment +offline\/extractive/)
    await until(isOffline)
  })

  it('takes a registry of models from a file, and refuses one that cannot be, saying what is wrong where', async () => {
    const file = join(folder, 'registry.yaml')
    await writeFile(file, 'models:\n  - { id: offline/extractive, aliases: [house-model] }\n')
    expect((await weft(['settings', 'set', `models=${file}`])).code).toBe(0)
    expect(await openAiClient().models.retrieve('house-model')).toMatchObject({ id: 'offline/extractive' })
    await writeFile(file, 'models:\n  - { id: offline/extractive, firstTokenMs: soon }\n')
    const refused = await weft(['settings', 'set', `models=${file}`, 'hedging=on'])
    expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/models\.0\.firstTokenMs/) })
    expect((await weft(['settings'])).output).toMatch(/hedging +default +off/)
  })
})

describe('weft audit', () => {
  it('tells who changed what, and that nobody changed what it tells', async () => {
    const created = JSON.parse((await weft(['keys', 'create', '--name', 'for a while', '--json'])).stdout)
    await weft(['keys', 'revoke', created.id])
    const { stdout } = await weft(['audit', '--json'])
    const told: { action: string; target: string }[] = JSON.parse(stdout)
    expect(told[0]).toMatchObject({ position: 1, action: 'key.created', by: { name: 'the first start' } })
    expect(told.filter(({ target }) => target === created.id).map(({ action }) => action)).toEqual(['key.created', 'key.revoked'])
    expect(stdout).not.toContain(created.key)
    expect(told.map(({ action }) => action)).toContain('settings.changed')
    expect(await weft(['audit', 'verify'])).toMatchObject({ code: 0, output: expect.stringContaining('the audit log is whole') })
  })
})

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(500)
}

describe('weft', () => {
  it('says in status that everything is ready, and where', async () => {
    const { stdout } = await weft(['status', '--json'])
    const status = JSON.parse(stdout)
    expect(status).toMatchObject({ ready: true, url: sharedMesh().url })
    expect(status.processes).toHaveLength(15)
    expect(status.processes[0]).toMatchObject({
      name: expect.any(String),
      pid: expect.any(Number),
      ports: expect.anything(),
      rssMb: expect.any(Number),
    })
  })

  it('refuses a second start of the same mesh, naming the running one', async () => {
    const { code, output } = await weft(['up'])
    expect(code).toBe(1)
    expect(output).toContain(sharedMesh().url)
  })

  it('names a taken port and how to choose another', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const data = await mkdtemp(join(tmpdir(), 'weft-taken-'))
    const { code, output } = await runWeft(['up'], { WEFT_PORT: String(port), WEFT_DATA: data })
    taken.close()
    await rm(data, { recursive: true, force: true })
    expect(code).toBe(1)
    expect(output).toMatch(new RegExp(`${port}.*WEFT_PORT`, 's'))
  })

  it('exits 2 on wrong usage and 3 when the mesh is not up', async () => {
    expect((await weft(['ask'])).code).toBe(2)
    const nowhere = await mkdtemp(join(tmpdir(), 'weft-nowhere-'))
    const asked = await runWeft(['ask', 'x'], { WEFT_PORT: '1', WEFT_DATA: nowhere, WEFT_API_KEY: 'weft_x' })
    await rm(nowhere, { recursive: true, force: true })
    expect(asked.code).toBe(3)
  })
})
