import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import type { ReplyItem, SubmitTurn } from '@weft/contracts'
import { createScriptedSession } from '../testing/scripted-session.ts'
import { emptyLog } from '../testing/start-gateway.ts'
import { answerOf } from '../testing/turns.ts'
import type { Reach } from './postgres-log-reach.ts'
import { createReplyHub } from './reply-hub.ts'
import { settledFeedback, settledSessionLog, tellingHub, tellingSessions } from './settled-lists.ts'
import { createToldSessions } from './told-sessions.ts'

const place = { tenant: 'acme', sessionId: 'sess_1' }
const asking: SubmitTurn = {
  ...place,
  requestId: 'req_1',
  model: 'weft/auto',
  messages: [{ role: 'user', content: 'Why?' }],
  modelOptions: {},
  vectorStoreIds: [],
  options: {},
}

/** A log that has all, and says how far it was asked for; its time stands still. */
function wholeLog() {
  const asked: unknown[] = []
  const findBehind = async (_tenant: string, reach: Reach[]) => {
    asked.push(...reach)
    return new Set<string>()
  }
  return { told: createToldSessions({ findBehind }, () => 0), asked }
}

describe('a list waits for', () => {
  it('a turn that was accepted', async () => {
    const { told, asked } = wholeLog()
    const scripted = createScriptedSession(createReplyHub())
    const submit = async () => ({ sessionId: place.sessionId, turn: 2, isRepeat: false, lastSeq: 9 })
    const sessions = tellingSessions({ ...scripted, submit }, told)
    await sessions.submit(asking, new AbortController().signal)
    await told.settle(place.tenant)
    expect(asked).toEqual([{ sessionId: 'sess_1', seq: 9 }])
  })

  it('the answer that whoever exports a session was told of', async () => {
    const { told, asked } = wholeLog()
    const messages = async () => ({ data: [], hasMore: asked.length === 0 })
    const log = settledSessionLog({ ...emptyLog, messages }, told)
    tellingHub(createReplyHub(), told).deliver({ items: [endOf(place.sessionId)] })
    expect(await log.messages(place, { limit: 1, after: undefined })).toEqual({ data: [], hasMore: false })
  })

  it('a turn that has ended, whose answer is not kept for it', async () => {
    const { told, asked } = wholeLog()
    const hub = tellingHub(createReplyHub(), told)
    const answers = Array.from({ length: 20 }, (_, index) => new WeakRef(endAndForget(hub, index)))
    await new Promise((resolve) => setTimeout(resolve, 0))
    collectGarbage()
    expect(answers.filter((answer) => answer.deref() !== undefined).length).toBeLessThan(5)
    await told.settle(place.tenant)
    expect(asked).toHaveLength(20)
  })
})

describe('a session that is deleted', () => {
  it('is gone from the log when its caller hears of it', async () => {
    const looks = [new Set(['sess_1']), new Set<string>()]
    const findBehind = async () => looks.shift() ?? new Set<string>()
    const scripted = { ...createScriptedSession(createReplyHub()), delete: async () => undefined }
    await tellingSessions(scripted, createToldSessions({ findBehind })).delete(place)
    expect(looks).toEqual([])
  })

  it('is deleted when the log cannot be asked', async () => {
    const findBehind = () => Promise.reject(new Error('the database is away'))
    const scripted = { ...createScriptedSession(createReplyHub()), delete: async () => undefined }
    await expect(tellingSessions(scripted, createToldSessions({ findBehind })).delete(place)).resolves.toBeUndefined()
  })
})

describe('feedback', () => {
  it('is kept once the log holds the answer that was told', async () => {
    const { told, asked } = wholeLog()
    const feedback = settledFeedback({ save: async () => `after ${asked.length} looks` }, told)
    tellingHub(createReplyHub(), told).deliver({ items: [endOf(place.sessionId)] })
    expect(await feedback.save(place, 'key_1', { turn: 1, rating: 'up' })).toBe('after 1 looks')
  })
})

function endOf(sessionId: string): ReplyItem & { kind: 'end' } {
  return { kind: 'end', ...place, sessionId, turn: 1, status: 'completed', answer: answerOf('Because.'), lastSeq: 9 }
}

function endAndForget(hub: Pick<ReturnType<typeof createReplyHub>, 'deliver'>, index: number): object {
  const item = endOf(`sess_${index}`)
  hub.deliver({ items: [item] })
  return item.answer ?? item
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
