import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from '@jest/globals'
import { createLiveSettings, type LiveSettings, type SetSetting } from './live-settings.ts'

let live: LiveSettings<Record<string, unknown>> | undefined
afterEach(() => live?.stop())

const logger = { info: () => undefined, warn: () => undefined }
const environment = { WEFT_ROUTING: 'on', WEFT_TENANT_CONCURRENCY: 5, WEFT_PORT: 8_000 }
const by = { updatedAt: '2026-11-01T00:00:00.000Z', updatedBy: { keyId: 'key_1', name: 'ann' } }

/** Settings over a store that a test changes, and that may be away. */
function open({ pollMs = 3_600_000 } = {}) {
  const store = { isAway: false, version: 0, set: [] as SetSetting[] }
  const present = <T>(answer: () => T) => (store.isAway ? Promise.reject(new Error('away')) : Promise.resolve(answer()))
  live = createLiveSettings<Record<string, unknown>>({
    environment,
    store: { version: () => present(() => store.version), read: () => present(() => store.set) },
    logger,
    pollMs,
  })
  const set = (...settings: Pick<SetSetting, 'name' | 'value'>[]) => {
    store.version += 1
    store.set = settings.map((setting) => ({ ...setting, ...by }))
  }
  return { live, store, set }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5)
}

it('what is set takes the place of a variable at the next look at it, and gives it back', async () => {
  const { live, set } = open()
  const { settings } = live
  expect(settings).toEqual(expect.objectContaining(environment))
  set({ name: 'routing', value: 'off' }, { name: 'tenantConcurrency', value: 'none' }, { name: 'unpricedInputUsd', value: 7 })
  await live.refresh()
  expect(settings).toMatchObject({ WEFT_ROUTING: 'off', WEFT_UNPRICED_INPUT_USD: 7, WEFT_PORT: 8_000 })
  expect(settings.WEFT_TENANT_CONCURRENCY).toBeUndefined()
  set()
  await live.refresh()
  expect(settings).toMatchObject(environment)
})

it('a change is found without being told of', async () => {
  const { live, set } = open({ pollMs: 5 })
  await live.start()
  set({ name: 'hedging', value: 'on' })
  await until(() => live.settings.WEFT_HEDGING === 'on')
})

it('while the database is away, what was last read counts', async () => {
  const { live, store, set } = open({ pollMs: 5 })
  set({ name: 'routing', value: 'off' })
  await live.start()
  expect(live.settings.WEFT_ROUTING).toBe('off')
  store.isAway = true
  set()
  await expect(live.refresh()).rejects.toThrow('away')
  await sleep(30)
  expect(live.settings.WEFT_ROUTING).toBe('off')
  store.isAway = false
  await until(() => live.settings.WEFT_ROUTING === 'on')
})

it('a process that starts with its database waits until its settings were read', async () => {
  const { live, store, set } = open()
  set({ name: 'routing', value: 'off' })
  store.isAway = true
  const started = live.start().then(() => live.settings.WEFT_ROUTING)
  await sleep(20)
  store.isAway = false
  expect(await started).toBe('off')
})

it('a process whose database is away is served by its environment in the end', async () => {
  const { live, store } = open({ pollMs: 5 })
  store.isAway = true
  await live.start()
  expect(live.settings.WEFT_ROUTING).toBe('on')
})

it('a process that has nothing else to do yet does not end while it waits for its database', () => {
  const script = `
    import { createLiveSettings } from ${JSON.stringify(join(import.meta.dirname, 'live-settings.ts'))}
    const refuse = () => Promise.reject(new Error('password authentication failed'))
    const logger = { info: () => undefined, warn: () => undefined }
    const live = createLiveSettings({ environment: {}, store: { version: refuse, read: refuse }, logger, pollMs: 50 })
    await live.start()
    console.log('started')
  `
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: import.meta.dirname, encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'started\n' })
})

it('the registry is told of its own changes, and of no others', async () => {
  const { live, set } = open()
  let told = 0
  live.overlay.onChange(() => told++)
  const models = () => ({ models: [{ id: 'openai/gpt-6-luna', aliases: ['quick'] }] })
  set({ name: 'models', value: models() })
  await live.refresh()
  expect(live.overlay.value()).toEqual(models())
  set({ name: 'models', value: models() }, { name: 'routing', value: 'off' })
  await live.refresh()
  expect(told).toBe(1)
  set()
  await live.refresh()
  expect(told).toBe(2)
  expect(live.overlay.value()).toBeUndefined()
})
