import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { place, plan, viewOf } from '../testing/turns.ts'
import { findLog } from './find-session.ts'
import type { SessionSummary } from './session-log.ts'

const at = '2026-01-01T00:00:00Z'
const summary: SessionSummary = {
  id: 'sess_1',
  object: 'session',
  status: 'running',
  title: '',
  createdAt: at,
  updatedAt: at,
  lastSeq: 3,
}
const view = viewOf({ status: 'completed', plan })
const away = async () => Promise.reject(new WeftError('dependency_unavailable', 'it restarts'))
const missing = async () => Promise.reject(new WeftError('not_found', 'no such session'))

it('a session in the log is found before its actor has answered, and how far it is comes later', async () => {
  const answered = Promise.withResolvers<typeof view>()
  const { lastSeq } = await findLog({ sessions: { view: () => answered.promise }, log: { find: async () => summary } }, place)
  answered.resolve(view)
  expect(await lastSeq).toBe(view.lastSeq)
})

it('a session that the log does not know yet is found by its actor', async () => {
  const { lastSeq } = await findLog({ sessions: { view: async () => view }, log: { find: async () => undefined } }, place)
  expect(await lastSeq).toBe(view.lastSeq)
})

it('of a session whose actor is away the log tells all there is', async () => {
  const { lastSeq } = await findLog({ sessions: { view: away }, log: { find: async () => summary } }, place)
  expect(await lastSeq).toBe(0)
})

it('of a session whose log is away its actor tells how far it is', async () => {
  const { lastSeq } = await findLog({ sessions: { view: async () => view }, log: { find: away } }, place)
  expect(await lastSeq).toBe(view.lastSeq)
})

it('a session that neither can tell of may be there', async () => {
  await expect(findLog({ sessions: { view: away }, log: { find: away } }, place)).rejects.toMatchObject({
    code: 'dependency_unavailable',
  })
})

it('a session that neither knows is not found', async () => {
  const finding = findLog({ sessions: { view: missing }, log: { find: async () => undefined } }, place)
  await expect(finding).rejects.toMatchObject({ code: 'not_found', param: 'session_id' })
})
