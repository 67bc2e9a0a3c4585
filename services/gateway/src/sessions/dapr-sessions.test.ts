import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createSessions } from './dapr-sessions.ts'

const session = { tenant: 'acme', sessionId: 'sess_none' }
const { signal } = new AbortController()
const decision = { approvalId: 'appr_none.1', action: 'approve' as const, by: { id: 'ann', roles: [], isAdmin: false } }

function sessionsRefusing(refusal: WeftError) {
  return createSessions({ callActor: async () => Promise.reject(refusal) })
}

it('what an actor does not know is named: the session, or the approval that was to be decided', async () => {
  const sessions = sessionsRefusing(new WeftError('not_found', 'no such session'))
  const asked = [sessions.cancel, sessions.pause, sessions.resume, sessions.delete, sessions.view].map((ask) => ask(session))
  for (const ask of [...asked, sessions.seed(session, {}, signal)])
    await expect(ask).rejects.toMatchObject({ code: 'not_found', param: 'session_id', message: "no session 'sess_none'" })
  await expect(sessions.decide(session, decision, signal)).rejects.toMatchObject({ code: 'not_found', param: 'id' })
})

it('a refusal that names what is missing itself stays as it is', async () => {
  const refusal = new WeftError('not_found', 'turn 7 is not there', { param: 'turn' })
  await expect(sessionsRefusing(refusal).seed(session, { turn: 7 }, signal)).rejects.toBe(refusal)
})
