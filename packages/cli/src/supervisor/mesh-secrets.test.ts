import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { dataPaths } from './data-paths.ts'
import { ensureAdminKey, ensureTokens } from './mesh-secrets.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('makes an admin key once, closed to other users, and finds it again', () => {
  const first = ensureAdminKey(dataPaths(folder), undefined)
  expect(first).toEqual({ key: expect.stringMatching(/^weft_[\w-]{43}$/), isNew: true })
  expect(statSync(join(folder, 'admin.key')).mode & 0o777).toBe(0o600)
  expect(ensureAdminKey(dataPaths(folder), undefined)).toEqual({ key: first.key, isNew: false })
})

const given = 'weft_given_by_the_user'

it('keeps the key the environment names, and does not show it again', () => {
  ensureAdminKey(dataPaths(folder), undefined)
  expect(ensureAdminKey(dataPaths(folder), given)).toEqual({ key: given, isNew: false })
  expect(readFileSync(join(folder, 'admin.key'), 'utf8')).toBe(`${given}\n`)
})

it('takes no key that nobody could use, and keeps the one that is there', () => {
  const { key } = ensureAdminKey(dataPaths(folder), undefined)
  expect(() => ensureAdminKey(dataPaths(folder), 'short')).toThrow('WEFT_API_KEY holds no usable key: a key is "weft_" and')
  expect(ensureAdminKey(dataPaths(folder), undefined).key).toBe(key)
  writeFileSync(join(folder, 'admin.key'), 'spoilt')
  expect(() => ensureAdminKey(dataPaths(folder), undefined)).toThrow(/admin\.key holds no usable key/)
  expect(ensureAdminKey(dataPaths(folder), given).key).toBe(given)
})

it('are made anew where a power cut left nothing of them', () => {
  const [key, tokens] = [ensureAdminKey(dataPaths(folder), undefined).key, ensureTokens(join(folder, 'tokens.json'), ['rag'])]
  writeFileSync(join(folder, 'admin.key'), '')
  writeFileSync(join(folder, 'tokens.json'), '\0'.repeat(64))
  const remade = ensureAdminKey(dataPaths(folder), undefined)
  expect(remade).toEqual({ key: expect.not.stringMatching(key), isNew: true })
  expect(ensureTokens(join(folder, 'tokens.json'), ['rag']).redisPassword).not.toBe(tokens.redisPassword)
})

it('gives every service its own pair of tokens, the same at every start', () => {
  const file = join(folder, 'tokens.json')
  const tokens = ensureTokens(file, ['rag'])
  const more = ensureTokens(file, ['rag', 'gateway'])
  expect(more.apps.rag).toEqual(tokens.apps.rag)
  expect(more.redisPassword).toBe(tokens.redisPassword)
  const all = Object.values(more.apps).flatMap(({ apiToken, appToken }) => [apiToken, appToken])
  expect(new Set(all).size).toBe(4)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})
