import { expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { findNativePostgres, startNativeDatabase } from '@weft/database/testing'
import { createKnowledgeStore } from './knowledge-store.ts'

const installed = findNativePostgres()
const eachWithServer = installed === undefined ? it.skip.each : it.each

eachWithServer([10, 2_500_000])(
  'a file of %i bytes that is sent many times at once under one key is stored once',
  async (size) => {
    const { database, stop } = await startNativeDatabase(installed ?? '')
    try {
      const store = createKnowledgeStore(database)
      const all = Promise.withResolvers<void>()
      let sent = 0
      async function* content() {
        yield Buffer.alloc(size, 'tide')
        sent += 1
        if (sent === 6) all.resolve()
        await all.promise
      }
      const send = () => store.createFile({ tenant: 'acme', filename: 'a.txt', content: content(), uploadKey: 'once' })
      const files = await Promise.all(Array.from({ length: 6 }, send))
      expect(new Set(files.map(({ id }) => id)).size).toBe(1)
      const { rows } =
        await sql`select (select count(*)::int from files) as files, (select sum(length(bytes))::int from file_parts) as bytes`.execute(
          database.db,
        )
      expect(rows).toEqual([{ files: 1, bytes: size }])
    } finally {
      await stop()
    }
  },
)
