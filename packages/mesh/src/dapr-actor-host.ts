import { type Problem, toWeftError } from '@weft/contracts'
import { type Request, type Response, Router } from 'express'

/** A hosted actor type: what the runtime may ask of it. */
export interface ActorType {
  name: string
  /** Runs a method; resolves to any JSON value. What it throws reaches the caller as a WeftError. */
  invoke(actorId: string, method: string, argument: unknown): Promise<unknown>
  /** A reminder beats; `cancel` deletes it. When this throws, the reminder beats again. */
  remind(actorId: string, reminder: string): Promise<'keep' | 'cancel'>
  /** Begins to forget the actor; the runtime does not wait for the end. */
  deactivate(actorId: string): Promise<void>
}

/**
 * After how long without a call an actor is deactivated, and how long the runtime waits for running calls before it takes over a new placement, as Go
 * durations. The second is short because reading and committing state wait for the new placement too: a call that still has to do either cannot end before.
 */
const lifetimes = { actorIdleTimeout: '60m', drainOngoingCallTimeout: '500ms' } as const

/**
 * Routes of Dapr's HTTP actor protocol for some actor types. Every answer is exactly 200: the runtime takes any other status,
 * even 204, for a failure and would repeat the call.
 */
export function createActorHost(...types: ActorType[]): Router {
  const router = Router()
  router.get('/dapr/config', (_request, response) => {
    response.json({
      entities: types.map((type) => type.name),
      ...lifetimes,
      drainRebalancedActors: true,
      reentrancy: { enabled: false },
    })
  })
  for (const type of types) mountType(router, type)
  return router
}

function mountType(router: Router, type: ActorType): void {
  router.put(`/actors/${type.name}/:actorId/method/remind/:reminder`, async (request, response) => {
    await answerReminder(type, request, response)
  })
  router.put(`/actors/${type.name}/:actorId/method/:method`, async (request, response) => {
    await answerEnvelope(response, () => type.invoke(param(request, 'actorId'), param(request, 'method'), request.body))
  })
  router.delete(`/actors/${type.name}/:actorId`, (request, response) => {
    // Answered before the actor is deactivated: the runtime accepts calls again only once all such requests are answered, and a commit that the actor is in
    // the middle of waits for the runtime.
    void type.deactivate(param(request, 'actorId'))
    response.status(200).end()
  })
}

async function answerReminder(type: ActorType, request: Request, response: Response): Promise<void> {
  try {
    const verdict = await type.remind(param(request, 'actorId'), param(request, 'reminder'))
    if (verdict === 'cancel') response.setHeader('X-DaprReminderCancel', 'true')
    response.status(200).end()
  } catch (thrown) {
    response.status(500).json({ ok: false, problem: toWeftError(thrown).toProblem() })
  }
}

async function answerEnvelope(response: Response, act: () => Promise<unknown>): Promise<void> {
  try {
    response.status(200).json({ ok: true, value: (await act()) ?? null })
  } catch (thrown) {
    const problem: Problem = toWeftError(thrown).toProblem()
    response.status(200).json({ ok: false, problem })
  }
}

function param(request: Request, name: string): string {
  return String(request.params[name] ?? '')
}
