import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { Approval, beginIn, eventually } from './mesh/paused-sessions.ts'
import { retrieveAndAnswer } from './mesh/retrieve-and-answer.ts'
import { bodyOf, meshProcesses, openAiClient, request, SessionBody, sharedMesh, storeOf, weftOf } from './mesh/shared-mesh.ts'

const words = ['The ', 'bridge ', 'at ', 'Orrin ', 'carries ', 'eleven ', 'trains ', 'a ', 'day ', '[1].']
const answerText = words.join('')

let model: ModelServer
let storeId: string

beforeAll(async () => {
  model = await startOpenAiServer({
    port: sharedMesh().openAiPort,
    models: ['test-model'],
    reply: { kind: 'text', chunks: words, delayMs: 60 },
  })
  storeId = await storeOf('bridge', { 'bridge.md': 'The bridge at Orrin carries eleven trains a day. It was painted in 1961.' })
})

afterAll(() => model.stop())

const question = 'How many trains does the bridge at Orrin carry?'
const body = {
  model: 'weft/auto',
  messages: [{ role: 'user' as const, content: question }],
  weft: {
    get vectorStoreIds() {
      return [storeId]
    },
    plan: retrieveAndAnswer(question, 'openai/test-model'),
  },
}

/** Asks as a client does that means to get its answer: the same key again whenever the connection or the mesh fails it. */
async function askUntilAnswered(idempotencyKey: string): Promise<object> {
  const giveUpAt = Date.now() + 120_000
  for (;;) {
    try {
      return await openAiClient().chat.completions.create(body, {
        headers: { 'Idempotency-Key': idempotencyKey },
        timeout: 30_000,
      })
    } catch (error) {
      const status = error instanceof Error && 'status' in error ? error.status : undefined
      if (Date.now() > giveUpAt || (typeof status === 'number' && status < 500)) throw error
      await sleep(300)
    }
  }
}

const everyProcess = [
  'redis',
  'pglite',
  'placement',
  'scheduler',
  'planner',
  'planner-daprd',
  'orchestrator',
  'orchestrator-daprd',
  'reasoning',
  'reasoning-daprd',
  'rag',
  'rag-daprd',
  'gateway',
  'gateway-daprd',
]

it.each(everyProcess)('a question is answered although %s is killed while it is answered', async (name) => {
  const pid = await pidOf(name)
  const answering = askUntilAnswered(`during-${name}-${Date.now()}`)
  await sleep(250)
  process.kill(pid, 'SIGKILL')
  const answer = await answering
  await expectRestarted(name, pid)
  await expectWholeAnswer(answer)
})

it.each(['redis', 'placement', 'scheduler', 'orchestrator', 'orchestrator-daprd'])(
  'sixty questions are answered although %s is killed while they are submitted',
  async (name) => {
    const asking = Array.from({ length: 60 }, async (_, index) => {
      await sleep(5 * index)
      return askUntilAnswered(`among-${name}-${index}-${Date.now()}`)
    })
    const answers = Promise.all(asking)
    await sleep(200)
    const killedPid = await kill(name)
    for (const answer of await answers) await expectWholeAnswer(answer)
    await expectRestarted(name, killedPid)
  },
)

it('a hundred questions are answered from their sources, each asked once, although rag is killed while it works on them', async () => {
  const unplanned = { ...body, weft: { vectorStoreIds: [storeId] } }
  const asked = Array.from({ length: 100 }, () =>
    openAiClient().chat.completions.create(unplanned, { maxRetries: 0, timeout: 120_000 }),
  )
  const answers = Promise.all(asked)
  await sleep(800)
  const killedPid = await kill('rag')
  for (const answer of await answers) {
    expect(weftOf(answer)).toMatchObject({
      status: 'completed',
      degraded: ['offline_model'],
      citations: [{ filename: 'bridge.md', quote: expect.stringContaining('eleven trains') }],
    })
  }
  await expectRestarted('rag', killedPid)
})

it.each(['redis', 'pglite', 'placement', 'scheduler', 'orchestrator', 'orchestrator-daprd'])(
  'a question is answered that is asked the moment after %s was killed',
  async (name) => {
    const killedPid = await kill(name)
    await expectWholeAnswer(await askUntilAnswered(`after-${name}-${Date.now()}`))
    await expectRestarted(name, killedPid)
  },
)

it('deadlines that pass while placement is away are kept, and hold up nobody else', async () => {
  const waiting = await Promise.all(
    Array.from({ length: 10 }, (_, index) => beginIn(storeId, { timeoutMs: 2_000 + 150 * index })),
  )
  const killedPid = await kill('placement')
  await expectWholeAnswer(await askUntilAnswered(`beside-deadlines-${Date.now()}`))
  await eventually(async () => {
    const approvals = await Promise.all(waiting.map(({ id }) => bodyOf(Approval, request(`/approvals/${id}`))))
    return approvals.every(({ status }) => status === 'expired')
  })
  await expectRestarted('placement', killedPid)
})

async function kill(name: string): Promise<number> {
  const pid = await pidOf(name)
  process.kill(pid, 'SIGKILL')
  return pid
}

async function pidOf(name: string): Promise<number> {
  const pid = (await meshProcesses()).find((process) => process.name === name)?.pid ?? 0
  expect(pid).toBeGreaterThan(0)
  return pid
}

/** The whole text, cited, from one turn: nothing was lost, and nothing ran twice as a turn of its own. */
async function expectWholeAnswer(answer: object): Promise<void> {
  const weft = weftOf(answer)
  expect(Reflect.get(answer, 'choices')[0].message.content).toBe(answerText)
  expect(weft).toMatchObject({ turn: 1, status: 'completed' })
  expect(weft.citations).toMatchObject([{ filename: 'bridge.md', quote: expect.stringContaining('eleven trains') }])
  expect((await readSession(weft.sessionId)).turns).toHaveLength(1)
}

/** A connection that was kept to a gateway that is no more fails once. */
async function readSession(id: string) {
  const read = () => bodyOf(SessionBody, request(`/v1/sessions/${id}`))
  return read().catch(read)
}

async function expectRestarted(name: string, killedPid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < 90_000; waitedMs += 100) {
    const processes = await meshProcesses()
    const found = processes.find((process) => process.name === name)
    if (found !== undefined && found.pid !== killedPid && processes.every((process) => process.state === 'ready')) return
    await sleep(100)
  }
  throw new Error(`${name} was not restarted: ${JSON.stringify(await meshProcesses())}`)
}
