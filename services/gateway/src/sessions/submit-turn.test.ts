import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { type SubmitDeps, submitTurn, type TurnRequest } from './submit-turn.ts'

const request: TurnRequest = {
  tenant: 'default',
  sessionId: 'sess_1',
  keyId: 'key_1',
  requestId: 'req_1',
  idempotencyKey: undefined,
  chat: { model: 'weft/auto', messages: [{ role: 'user', content: 'Hello' }] },
  replyDetail: 'text',
  isStored: true,
}
const accepted = { sessionId: 'sess_1', turn: 1, isRepeat: false }

/** A session that takes each turn once it is asked often enough; before it says nothing, or refuses. `down` is what does not answer. */
function meshOf({ answersAt, down = [], refuses = false }: { answersAt: number; down?: string[]; refuses?: boolean }) {
  const keys: (string | undefined)[] = []
  const deps: SubmitDeps = {
    sessions: {
      async submit({ idempotencyKey }, signal) {
        keys.push(idempotencyKey)
        if (keys.length >= answersAt) return accepted
        if (refuses) throw new WeftError('dependency_unavailable', 'actor Session submit: orchestrator is not available (500)')
        await sleep(10_000, undefined, { signal }).catch(() => undefined)
        throw new WeftError('timeout', 'actor Session submit was aborted')
      },
    },
    stores: { resolve: async () => [] },
    plans: { requireSound: async () => undefined },
    replyTopic: 'gateway.0',
    findDown: async () => down,
    patienceMs: 30,
    slowPatienceMs: 200,
  }
  return { deps, keys }
}

describe('a turn that its session does not take at once', () => {
  it('is waited for while the mesh only says nothing yet, under one key', async () => {
    const { deps, keys } = meshOf({ answersAt: 4, down: ['orchestrator'] })
    expect(await submitTurn(deps, request)).toEqual(accepted)
    expect(new Set(keys)).toEqual(new Set(['request-req_1']))
  })

  it('is refused with the names of what is down once that did not come back', async () => {
    const { deps, keys } = meshOf({ answersAt: 4, down: ['orchestrator'], refuses: true })
    await expect(submitTurn(deps, request)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      message: 'not available right now: orchestrator. Send the request again in a moment.',
    })
    expect(keys).toHaveLength(1)
  })

  it('is refused as too much for the mesh when that has said nothing for long', async () => {
    const { deps } = meshOf({ answersAt: 1_000 })
    await expect(submitTurn(deps, request)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      message: 'the mesh is busy and did not take the request in time. Send the request again in a moment.',
    })
  })
})
