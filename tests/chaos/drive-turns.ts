import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { stepUsd } from './act-capability.ts'
import type { ChaosMesh } from './chaos-mesh.ts'
import { readInPieces } from './read-in-pieces.ts'
import { type RandomTurn, randomTurn } from './random-turn.ts'

/** What came of the turns that were accepted. */
export interface Outcome {
  accepted: number
  completed: number
  decided: number
  /** Turns whose events were also read one at a time while they came, each over a stream that was cut after it. */
  readInPieces: number
  /** Keys of the effects the turns should have had, once each. */
  effects: string[]
  /** What was wrong, turn by turn. */
  faults: string[]
}

export interface DriveOptions {
  mesh: Pick<ChaosMesh, 'gateways' | 'apiKey'>
  atOnce: number
  /** Whether to begin another turn. */
  goesOn: () => boolean
  random: () => number
  /** Hears of a turn that went wrong at once, with what its session looked like then. */
  onFault?: ((fault: string, seen: string) => void) | undefined
}

const turnPatienceMs = 180_000
const retryMs = 500
const requestMs = 20_000
const readInPiecesEvery = 10

const View = z.looseObject({
  turns: z.array(
    z.looseObject({
      status: z.string(),
      answer: z.looseObject({ text: z.string(), costUsd: z.number() }).optional(),
      steps: z.array(z.looseObject({ stepId: z.string(), status: z.string() })),
      approvals: z.array(z.looseObject({ id: z.string(), status: z.string(), hash: z.string() })).optional(),
    }),
  ),
})
const Event = z.looseObject({ seq: z.number(), type: z.string(), stepId: z.string().optional() })

/** Begins random turns through random gateways, decides what they ask, and checks each one to its end. */
export async function driveTurns(options: DriveOptions): Promise<Outcome> {
  const outcome: Outcome = { accepted: 0, completed: 0, decided: 0, readInPieces: 0, effects: [], faults: [] }
  await Promise.all(
    Array.from({ length: options.atOnce }, async () => {
      while (options.goesOn()) await driveTurn(options, outcome)
    }),
  )
  return outcome
}

async function driveTurn(options: DriveOptions, outcome: Outcome): Promise<void> {
  const sessionId = `sess_${randomUUID().replaceAll('-', '')}`
  const turn = randomTurn(options.random)
  const fault = await run(options, outcome, { sessionId, turn }).catch((cause: unknown) => String(cause))
  if (fault === undefined) {
    outcome.completed += 1
    return
  }
  outcome.faults.push(`${sessionId}: ${fault}`)
  options.onFault?.(`${sessionId}: ${fault}`, await describe(options, sessionId))
}

/** The session as its actor tells it, and as the log does. */
async function describe({ mesh }: DriveOptions, sessionId: string): Promise<string> {
  const headers = { authorization: `Bearer ${mesh.apiKey}` }
  const looks = [`/v1/sessions/${sessionId}`, `/v1/sessions/${sessionId}/messages`].flatMap((path) =>
    mesh.gateways.map(async (gateway) => {
      const response = await fetch(`${gateway}${path}`, { headers, signal: AbortSignal.timeout(requestMs) })
      return `${path}: ${response.status} ${(await response.text()).slice(0, 4_000)}`
    }),
  )
  return (await Promise.allSettled(looks))
    .map((look) => (look.status === 'fulfilled' ? look.value : String(look.reason)))
    .join('\n')
}

async function run(
  options: DriveOptions,
  outcome: Outcome,
  { sessionId, turn }: { sessionId: string; turn: RandomTurn },
): Promise<string | undefined> {
  await accept(options, sessionId, turn)
  outcome.accepted += 1
  outcome.effects.push(...turn.stepIds.map((stepId) => `${sessionId}/1/${stepId}`))
  if (outcome.accepted % readInPiecesEvery !== 1) return follow(options, outcome, { sessionId, turn })
  outcome.readInPieces += 1
  const { mesh, random } = options
  const [fault, heard] = await Promise.all([
    follow(options, outcome, { sessionId, turn }),
    // The turn may take all of its time, and is read on after.
    readInPieces({ mesh, random, sessionId, patienceMs: 2 * turnPatienceMs }),
  ])
  return fault ?? heard
}

/** A client that lost its answer sends the same again, under the same key. */
async function accept(options: DriveOptions, sessionId: string, { plan }: RandomTurn): Promise<void> {
  const body = JSON.stringify({
    model: 'weft/auto',
    messages: [{ role: 'user', content: 'Do it.' }],
    weft: { plan, background: true },
  })
  const headers = { 'content-type': 'application/json', 'x-session-id': sessionId, 'idempotency-key': sessionId }
  await askUntilAnswered(options, '/v1/chat/completions', { method: 'POST', body, headers })
}

async function follow(
  options: DriveOptions,
  outcome: Outcome,
  { sessionId, turn }: { sessionId: string; turn: RandomTurn },
): Promise<string | undefined> {
  for (const untilMs = Date.now() + turnPatienceMs; Date.now() < untilMs; await sleep(retryMs)) {
    const view = View.parse(JSON.parse(await askUntilAnswered(options, `/v1/sessions/${sessionId}`)))
    const [own] = view.turns
    if (own === undefined || view.turns.length !== 1) return `it has ${view.turns.length} turns`
    for (const { id, hash } of (own.approvals ?? []).filter(({ status }) => status === 'pending')) {
      outcome.decided += 1
      const body = JSON.stringify({ hash })
      await askUntilAnswered(options, `/approvals/${id}/approve`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
    }
    if (!['completed', 'failed', 'cancelled'].includes(own.status)) continue
    return faultOf(own, turn) ?? (await faultInLog(options, sessionId, turn))
  }
  return `it did not end within ${turnPatienceMs / 1_000} s`
}

function faultOf({ status, answer, steps }: z.infer<typeof View>['turns'][number], { stepIds }: RandomTurn): string | undefined {
  if (status !== 'completed') return `it ended ${status}`
  if (answer?.text !== `did ${stepIds.at(-1)}`) return `its answer is "${answer?.text}"`
  // A step that was done again after a crash may have cost again; none is free.
  if (answer.costUsd < stepIds.length * stepUsd - Number.EPSILON) return `its ${stepIds.length} steps cost ${answer.costUsd} USD`
  const missing = steps.find((step) => step.status !== 'succeeded')
  return missing === undefined ? undefined : `step ${missing.stepId} is ${missing.status}`
}

/** Every event once, in order, without a gap, and each step counted as done once. */
async function faultInLog(options: DriveOptions, sessionId: string, { stepIds }: RandomTurn): Promise<string | undefined> {
  const text = await askUntilAnswered(options, `/v1/sessions/${sessionId}/events`)
  const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, data = '']) => Event.parse(JSON.parse(data)))
  const gap = events.findIndex((event, index) => event.seq !== index + 1)
  if (gap >= 0) return `event ${gap + 1} of its log has seq ${events[gap]?.seq}`
  if (events.at(-1)?.type !== 'turn.completed') return `its log ends with ${events.at(-1)?.type}`
  const done = events.filter(({ type }) => type === 'step.succeeded').map(({ stepId }) => stepId)
  return done.toSorted().join() === stepIds.toSorted().join() ? undefined : `its log counts as done: ${done.join()}`
}

/** Through one gateway, then the other: whichever answers. */
async function askUntilAnswered({ mesh, random }: DriveOptions, path: string, init: RequestInit = {}): Promise<string> {
  const failures = new Map<string, number>()
  const note = (what: string) => failures.set(what, (failures.get(what) ?? 0) + 1)
  for (const untilMs = Date.now() + turnPatienceMs; Date.now() < untilMs; await sleep(retryMs)) {
    const gateway = mesh.gateways[Math.floor(random() * mesh.gateways.length)] ?? ''
    try {
      const headers = { ...init.headers, authorization: `Bearer ${mesh.apiKey}` }
      const response = await fetch(`${gateway}${path}`, { ...init, headers, signal: AbortSignal.timeout(requestMs) })
      const text = await response.text()
      if (response.ok && !brokeOff.test(text)) return text
      const answer = `${response.status} ${text.slice(0, 300)}`
      if (response.status >= 400 && response.status < 500 && response.status !== 429) throw new Refused(answer)
      note(answer)
    } catch (cause) {
      if (cause instanceof Refused) throw cause
      note(String(cause))
    }
  }
  throw new Error(`${path} was not answered: ${[...failures].map(([what, count]) => `${count} × ${what}`).join(', ')}`)
}

/** A stream of events that could not be read to its end says so in an event of its own. */
const brokeOff = /^data: \{"error":/m

class Refused extends Error {}
