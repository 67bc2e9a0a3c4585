import { describe, expect, it } from '@jest/globals'
import { migrateUp, openDatabase, sql } from './index.ts'
import { findNativePostgres, startNativePostgres } from './testing.ts'

const installed = findNativePostgres()
const describeNative = installed === undefined ? describe.skip : describe

describeNative('a database whose role may add no extension', () => {
  it('is refused with what its superuser has to do, and taken once that is done', async () => {
    const server = await startNativePostgres(installed ?? '')
    const superuser = openDatabase({ urls: [server.url] })
    await sql`create role weft login`.execute(superuser.db)
    await sql`grant create on schema public to weft`.execute(superuser.db)
    const database = openDatabase({ urls: [server.url.replace('postgres@', 'weft@')] })
    try {
      await expect(migrateUp(database)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(
          /lacks the extension "vector" \(permission denied .*run "create extension vector" .* as a superuser$/,
        ),
      })
      await sql`create extension vector`.execute(superuser.db)
      expect((await migrateUp(database)).length).toBeGreaterThan(1)
    } finally {
      await database.stop()
      await superuser.stop()
      await server.stop()
    }
  })
})
