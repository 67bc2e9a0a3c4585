import { expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase } from '@weft/database/testing'
import { prepareDatabase } from './prepare-database.ts'

it('the database of a newer version is refused, and not waited for', async () => {
  const test = await startTestDatabase()
  await sql`insert into weft_migrations (name) values ('9000-newer')`.execute(test.database.db)
  const warn = () => undefined
  const audit = { act: async () => Promise.reject(new TypeError('nothing is done there')) }
  const prepared = prepareDatabase({
    database: test.database,
    audit,
    adminKey: undefined,
    logger: { warn },
    signal: new AbortController().signal,
  })
  await expect(prepared).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('a newer version') })
  await test.stop()
})
