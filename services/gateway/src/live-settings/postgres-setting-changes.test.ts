import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { PutSettings } from '@weft/contracts'
import { createLiveSettings, createSettingsStore, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createPostgresAudit } from '../audit/postgres-audit.ts'
import { changeSettings } from './change-settings.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

const logger = { info: () => undefined, warn: () => undefined }
const models = { withOverlay: () => ({ get: () => undefined }) }
const ann = { keyId: 'key_1', name: 'ann', tenant: 'default' }
const bob = { keyId: 'key_2', name: 'bob', tenant: 'default' }

function gateway() {
  const live = createLiveSettings({ environment: {}, store: createSettingsStore(test.database), logger })
  const audit = createPostgresAudit(test.database)
  return { live, change: (settings: PutSettings, by = ann) => changeSettings({ live, audit, models }, { settings, by }) }
}

it('what was set before is kept, with who set it and when', async () => {
  const { live, change } = gateway()
  await change({ routing: 'off', hedging: 'on' })
  await change({ routing: 'on' }, bob)
  await change({ routing: null })
  expect(live.get('routing')).toBeUndefined()
  expect(live.get('hedging')).toMatchObject({
    value: 'on',
    updatedBy: { keyId: 'key_1', name: 'ann' },
    updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  const { rows } = await sql`select name, value, key_name from setting_changes order by version, name`.execute(test.database.db)
  expect(rows).toEqual([
    { name: 'hedging', value: 'on', key_name: 'ann' },
    { name: 'routing', value: 'off', key_name: 'ann' },
    { name: 'routing', value: 'on', key_name: 'bob' },
    { name: 'routing', value: null, key_name: 'ann' },
  ])
})

it('another gateway, and one that starts later, read what was set', async () => {
  const [one, other] = [gateway(), gateway()]
  await other.live.refresh()
  await one.change({ models: { models: [{ id: 'openai/gpt-6-luna', aliases: ['quick'] }] }, abstainBelow: 0 })
  await other.live.refresh()
  for (const { live } of [other, gateway()]) {
    await live.refresh()
    expect(live.get('models')?.value).toEqual({ models: [{ id: 'openai/gpt-6-luna', aliases: ['quick'] }] })
    expect(live.get('abstainBelow')?.value).toBe(0)
  }
})

it('changes that race are all kept, none over one it was not checked against', async () => {
  const audit = createPostgresAudit(test.database)
  const { live } = gateway()
  await live.refresh()
  const afterVersion = live.version()
  const write = (hedging: string) =>
    audit.act(ann, ({ settings }) => settings.write({ settings: { hedging }, by: ann, afterVersion }))
  expect((await Promise.all([write('on'), write('off')])).toSorted()).toEqual([false, true])
  await Promise.all([gateway().change({ routing: 'off' }), gateway().change({ unpricedModels: 'refuse' }, bob)])
  await live.refresh()
  expect([live.get('routing')?.value, live.get('unpricedModels')?.value]).toEqual(['off', 'refuse'])
})

it('a value that this version does not know is left out', async () => {
  await sql`
    insert into setting_changes (version, name, value, key_id, key_name)
    select max(version) + 1, 'routing', '"perhaps"'::jsonb, 'k', 'k' from setting_changes
    union all select max(version) + 1, 'of the future', '1'::jsonb, 'k', 'k' from setting_changes
  `.execute(test.database.db)
  const { live } = gateway()
  await live.refresh()
  expect(live.get('routing')).toBeUndefined()
  expect(live.get('unpricedModels')?.value).toBe('refuse')
})
