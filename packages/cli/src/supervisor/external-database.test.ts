import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { findNativePostgres, type NativePostgres, startNativePostgres } from '@weft/database/testing'
import { checkExternalDatabase, refuseUnusableDatabase } from './external-database.ts'

const installed = findNativePostgres()
const away = 'postgres://me:hunter2@127.0.0.1:1/weft'
let server: NativePostgres | undefined
let notes: string[] = []
const note = (line: string): void => void notes.push(line)

beforeAll(async () => {
  if (installed !== undefined) server = await startNativePostgres(installed)
})
afterAll(async () => {
  await server?.stop()
})

it('a database that is not there yet is waited for, and that is said, without its password', async () => {
  notes = []
  await refuseUnusableDatabase(away, note)
  expect(notes).toEqual([
    'waiting for the database of DATABASE_URLS: 127.0.0.1:1/weft is not reached: connect ECONNREFUSED 127.0.0.1:1',
  ])
  expect(await checkExternalDatabase(away)).toMatchObject({ ok: false, detail: expect.stringContaining('ECONNREFUSED') })
})

it('what is no URL is refused', async () => {
  await expect(refuseUnusableDatabase('weft', note)).rejects.toMatchObject({ code: 'invalid_settings' })
})

it('one that lets nobody in is refused at once, unless another one may', async () => {
  if (server === undefined) return
  notes = []
  const unknown = new URL('/nowhere', server.url).href
  await expect(refuseUnusableDatabase(unknown, note)).rejects.toMatchObject({
    code: 'database_unusable',
    message: expect.stringMatching(/^the database of DATABASE_URLS 127.*\/nowhere refuses: database "nowhere" does not exist/),
  })
  await refuseUnusableDatabase(`${unknown},${server.url}`, note)
  expect(notes).toEqual([])
  await refuseUnusableDatabase(`${unknown},${away}`, note)
  expect(notes).toHaveLength(1)
  expect(await checkExternalDatabase(server.url)).toMatchObject({ ok: true })
})

it('a standby alone is waited for, and the doctor names it', async () => {
  if (server === undefined) return
  notes = []
  const standby = `${server.url}?options=${encodeURIComponent('-c default_transaction_read_only=on')}`
  await refuseUnusableDatabase(standby, note)
  expect(notes).toEqual([expect.stringMatching(/is not reached: the database is a read-only standby$/)])
  expect(await checkExternalDatabase(standby)).toMatchObject({ ok: false })
  expect(await checkExternalDatabase(`${standby},${server.url}`)).toMatchObject({ ok: true })
})
