import { expect, it } from '@jest/globals'
import { type DecideApproval, type SessionView, WeftError } from '@weft/contracts'
import { createScriptedSession } from '../testing/scripted-session.ts'
import { namingLost } from './name-lost-sessions.ts'
import { createReplyHub } from './reply-hub.ts'

const decision: DecideApproval = { approvalId: 'appr_1', action: 'approve', by: { id: 'ann', roles: [], isAdmin: false } }
const missing = async () => Promise.reject(new WeftError('not_found', 'no such session'))
const summary = { object: 'session' as const, status: 'running', title: '', createdAt: '', updatedAt: '', lastSeq: 1 }

const view: SessionView = { ...summary, object: 'session', id: 'sess_lost', status: 'running', turns: [] }

it('a session that is in the log alone is told from one that never was', async () => {
  const sessions = {
    ...createScriptedSession(createReplyHub()),
    view: missing,
    decide: missing,
    cancel: missing,
    pause: missing,
    resume: missing,
  }
  const find = async ({ sessionId: id }: { sessionId: string }) => (id === 'sess_lost' ? { ...summary, id } : undefined)
  const named = namingLost(sessions, { find })
  const lost = { tenant: 'acme', sessionId: 'sess_lost' }
  const { signal } = new AbortController()
  for (const asked of [named.decide(lost, decision, signal), named.cancel(lost), named.pause(lost), named.resume(lost)])
    await expect(asked).rejects.toMatchObject({
      code: 'gone',
      message: expect.stringContaining('not in the state store (Redis)'),
    })
  // An approval that is not there is no session that is not there.
  const there = namingLost({ ...sessions, view: async () => view }, { find })
  await expect(there.decide(lost, decision, signal)).rejects.toMatchObject({ code: 'not_found' })
  await expect(named.cancel({ tenant: 'acme', sessionId: 'sess_none' })).rejects.toMatchObject({ code: 'not_found' })
})
