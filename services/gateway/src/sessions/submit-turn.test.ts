import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createFairPlaces } from '@weft/mesh'
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
  showsSearch: false,
}
const accepted = { sessionId: 'sess_1', turn: 1, isRepeat: false }

interface World {
  answersAt: number
  down?: string[]
  refuses?: boolean
  /** At which try to cancel it the session has the turn. */
  takesAt?: number
}

/** A session that takes each turn once it is asked often enough; before it says nothing, or refuses. `down` is what does not answer. */
function meshOf({ answersAt, down = [], refuses = false, takesAt = 1 }: World) {
  const keys: (string | undefined)[] = []
  const cancelled: string[] = []
  const deps: SubmitDeps = {
    sessions: {
      async submit({ idempotencyKey }, signal) {
        keys.push(idempotencyKey)
        if (keys.length >= answersAt) return accepted
        if (refuses) throw new WeftError('dependency_unavailable', 'actor Session submit: orchestrator is not available (500)')
        await sleep(10_000, undefined, { signal }).catch(() => undefined)
        throw new WeftError('timeout', 'actor Session submit was aborted')
      },
      async cancelRequest(_session, key) {
        cancelled.push(key)
        if (cancelled.length === 1 && takesAt > 2) throw new WeftError('not_found', "no session 'sess_1'")
        return cancelled.length >= takesAt
      },
    },
    stores: { resolve: async () => [] },
    plans: { requireSound: async () => undefined },
    replyTopic: 'gateway.0',
    submissions: createFairPlaces({ of: 'the gateway', placesMax: 8 }),
    refusedTurns: { note: async () => undefined, forget: async () => undefined, left: async () => [] },
    logger: { info: () => undefined, warn: () => undefined },
    cancelDelaysMs: [0, 5, 5, 5],
    findDown: async () => down,
    patienceMs: 30,
    slowPatienceMs: 200,
  }
  return { deps, keys, cancelled }
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

it('of many turns at once no more are handed over than there are places, and none is handed over twice', async () => {
  let underWay = 0
  let most = 0
  let submits = 0
  const { deps } = meshOf({ answersAt: 1 })
  const submit: SubmitDeps['sessions']['submit'] = async () => {
    submits += 1
    underWay += 1
    most = Math.max(most, underWay)
    await sleep(5)
    underWay -= 1
    return accepted
  }
  const submissions = createFairPlaces({ of: 'the gateway', placesMax: 4, reservedShare: 0 })
  const busy = { ...deps, submissions, sessions: { ...deps.sessions, submit } }
  // One after the other they take longer than any of them is waited for.
  const answers = await Promise.all(Array.from({ length: 60 }, () => submitTurn(busy, request)))
  expect([answers.length, submits, most]).toEqual([60, 60, 4])
})

describe('a turn whose client was refused', () => {
  const refusedBy = async ({ deps, cancelled }: ReturnType<typeof meshOf>, more: Partial<TurnRequest> = {}) => {
    await expect(submitTurn(deps, { ...request, ...more })).rejects.toMatchObject({ code: 'dependency_unavailable' })
    await sleep(100)
    return cancelled
  }

  it('is cancelled when the session has taken it all the same, also when it takes it late', async () => {
    expect(await refusedBy(meshOf({ answersAt: 1_000 }))).toEqual(['request-req_1'])
    expect(await refusedBy(meshOf({ answersAt: 1_000, refuses: true, takesAt: 3 }))).toHaveLength(3)
  })

  it('is looked for a few times only', async () => {
    expect(await refusedBy(meshOf({ answersAt: 1_000, refuses: true, takesAt: 1_000 }))).toHaveLength(4)
  })

  it('goes on when its client can come back to it: with its own key, or because it did not wait', async () => {
    const mesh = () => meshOf({ answersAt: 1_000, refuses: true })
    expect(await refusedBy(mesh(), { idempotencyKey: 'mine' })).toEqual([])
    expect(await refusedBy(mesh(), { chat: { ...request.chat, weft: { background: true } } })).toEqual([])
  })

  it('is not looked for when it was never sent', async () => {
    const { deps, cancelled } = meshOf({ answersAt: 1 })
    const away = new WeftError('dependency_unavailable', 'the database does not answer')
    expect(await refusedBy({ deps: { ...deps, stores: { resolve: () => Promise.reject(away) } }, cancelled, keys: [] })).toEqual(
      [],
    )
  })
})
