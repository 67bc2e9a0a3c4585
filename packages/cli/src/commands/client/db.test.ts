import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { migrationStatus } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { databaseUrls, rollback } from './db.ts'
import { createTerminal } from './terminal.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await startTestDatabase()
})

afterAll(() => test.stop())

describe('taking migrations back', () => {
  it('does nothing before it was confirmed, and names what would go', async () => {
    await expect(rollback(shown(), { steps: 1 })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/takes back \d{4}-\S+ and deletes .*--yes/),
    })
    expect(await appliedCount()).toBe((await migrationStatus(test.database)).length)
  })

  it('takes back the newest when confirmed', async () => {
    const before = await appliedCount()
    await rollback(shown(), { steps: 1, yes: true })
    expect(await appliedCount()).toBe(before - 1)
  })
})

describe('which database', () => {
  it('is that of DATABASE_URLS, all of them in order', () => {
    expect(databaseUrls({ databaseUrls: 'postgres://a/x, postgres://b/x', dataFolder: '/nowhere' })).toEqual([
      'postgres://a/x',
      'postgres://b/x',
    ])
  })

  it('is asked for when no mesh runs', async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'weft-db-'))
    try {
      expect(() => databaseUrls({ databaseUrls: undefined, dataFolder })).toThrow(expect.objectContaining({ exitCode: 3 }))
    } finally {
      await rm(dataFolder, { recursive: true })
    }
  })
})

async function appliedCount(): Promise<number> {
  return (await migrationStatus(test.database)).filter(({ appliedAt }) => appliedAt !== undefined).length
}

function shown() {
  const quiet = () => new Writable({ write: (_piece, _encoding, done) => done() })
  return { database: test.database, terminal: createTerminal({ out: quiet(), error: quiet() }), isJson: false }
}
