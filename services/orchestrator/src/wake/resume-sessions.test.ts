import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import type { Sidecar } from '@weft/mesh'
import { startResuming } from './resume-sessions.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

it('sessions that were running are woken first, again when they cannot be reached, and then those that wait, also when sidecar and database go away while that begins', async () => {
  await sql`
    insert into sessions (tenant, id, status, created_at, updated_at, last_seq) values
      ('acme', 'one', 'running', now(), now(), 5), ('acme', 'two', 'running', now(), now(), 5),
      ('acme', 'waiting', 'awaiting_approval', now(), now(), 5), ('acme', 'over', 'completed', now(), now(), 5)
  `.execute(test.database.db)
  const down = new WeftError('dependency_unavailable', 'restarting')
  const failures = { sidecar: 1, database: 1 }
  const database: Database = {
    ...test.database,
    get db() {
      if (failures.database-- > 0) throw down
      return test.database.db
    },
  }
  const woken: string[] = []
  const sidecar: Pick<Sidecar, 'callActor' | 'isHealthy'> = {
    isHealthy: async () => failures.sidecar-- <= 0,
    async callActor({ id, method }, { schema }) {
      woken.push(`${id} ${method}`)
      if (id === 'acme.one') throw down
      return schema.parse(null)
    },
  }
  const done = Promise.withResolvers<void>()
  const logger = { info: () => done.resolve(), warn: () => undefined }
  const resuming = startResuming({ database, sidecar, logger })
  await done.promise
  resuming.stop()
  expect(woken.slice(0, 2).toSorted()).toEqual(['acme.one tick', 'acme.two tick'])
  expect(woken.slice(2)).toEqual(['acme.one tick', 'acme.one tick', 'acme.waiting tick'])
  expect(Math.max(failures.sidecar, failures.database)).toBeLessThan(0)
})
