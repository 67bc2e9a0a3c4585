import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { type DataPaths, dataPaths } from './data-paths.ts'
import { findMissingStore } from './find-missing-store.ts'

let paths: DataPaths
beforeEach(() => {
  paths = dataPaths(mkdtempSync(join(tmpdir(), 'weft-stores-')))
})
afterEach(() => rmSync(paths.data, { recursive: true }))

const embedded = { databaseUrls: undefined, redisUrl: undefined }

function holdDatabase(): void {
  mkdirSync(paths.pgliteData)
}

const holdRedis = (): void => void mkdirSync(join(paths.redisData, 'appendonlydir'), { recursive: true })

it('sessions without their database are named, unless that is elsewhere', () => {
  holdRedis()
  expect(findMissingStore(paths, embedded)).toMatch(
    /holds sessions, and not the database .* pglite\/ is made anew, empty; .* DATABASE_URLS$/,
  )
  expect(findMissingStore(paths, { ...embedded, databaseUrls: 'postgres://db.example/weft' })).toBeUndefined()
})

it('a database without its sessions is named, unless they are elsewhere', () => {
  holdDatabase()
  expect(findMissingStore(paths, embedded)).toMatch(/holds a database, .* redis\/ is made anew, empty; .* REDIS_URL$/)
  expect(findMissingStore(paths, { ...embedded, redisUrl: 'redis://127.0.0.1' })).toBeUndefined()
})

it('nothing is said of a new folder, nor of a whole one', () => {
  expect(findMissingStore(paths, embedded)).toBeUndefined()
  holdDatabase()
  holdRedis()
  expect(findMissingStore(paths, embedded)).toBeUndefined()
})
