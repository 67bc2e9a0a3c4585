import type OpenAI from 'openai'
import { z } from 'zod'
import { bodyOf, openAiClient, request, storeOf, WeftAnswer } from './shared-mesh.ts'

/** A store about the mill and the bridge at Corrie. */
export function corrieStore(): Promise<string> {
  return storeOf('corrie', {
    'mill.md': 'The mill at Corrie was built in 1790. Its wheel was made of oak.\n',
    'bridge.md': 'The bridge at Corrie was built in 1854. Its arches are of granite.\n',
  })
}

const Key = z.object({ key: z.string() })
/** An approval, as far as the stories look. */
export const Approval = z.looseObject({
  id: z.string(),
  status: z.string(),
  hash: z.string(),
  isRepeat: z.boolean().optional(),
  votes: z.array(z.looseObject({ by: z.string() })),
  decision: z.looseObject({ by: z.string(), changes: z.array(z.unknown()).optional() }).optional(),
})
const Refusal = z.object({ error: z.looseObject({ code: z.string(), message: z.string(), details: z.unknown().optional() }) })

let keyCount = 0

export interface Ask {
  assignees?: string[]
  quorum?: number
  timeoutMs?: number
  mode?: 'return' | 'wait' | 'tool_call'
  /** Asked before the answer instead of before each search. */
  isAnswerAsked?: boolean
  searches?: number
  /** The plan runs in a child session of the one that is begun. */
  isChild?: boolean
}

/** A search that needs an approval, or several of them, and an answer from what it found. */
export function askingIn(storeId: string, ask: Ask = {}) {
  const { mode, isAnswerAsked = false, searches = 1, isChild = false, ...rule } = ask
  const approval = { reason: 'Searching costs money.', risk: 'medium' as const, ...rule }
  const step = { agent: 'rag', params: {}, dependsOn: [] as string[], parallel: false }
  const names = Array.from({ length: searches }, (_, index) => `search${index + 1}`)
  const found = names.map((stepId) => {
    const asked = isAnswerAsked ? {} : { approval }
    return { ...step, stepId, capability: 'retrieve', params: { query: 'mill at Corrie' }, parallel: searches > 1, ...asked }
  })
  const write = {
    ...step,
    stepId: 'write',
    capability: 'answer',
    params: { question: 'What was built at Corrie, and when?' },
    dependsOn: names,
  }
  const plan = {
    planId: 'asked',
    schemaVersion: 1 as const,
    answerStepId: 'write',
    steps: [...found, isAnswerAsked ? { ...write, approval } : write],
  }
  return {
    model: 'weft/auto',
    messages: [{ role: 'user' as const, content: 'What was built at Corrie, and when?' }],
    weft: {
      vectorStoreIds: [storeId],
      plan: isChild ? inChildSession(plan, storeId) : plan,
      ...(mode === undefined ? {} : { approval: mode }),
    },
  }
}

function inChildSession(plan: object, storeId: string) {
  const params = { input: 'What was built at Corrie, and when?', plan, vectorStoreIds: [storeId] }
  const step = { stepId: 'child', agent: 'session', capability: 'run', params, dependsOn: [], parallel: false }
  return { planId: 'parent', schemaVersion: 1 as const, answerStepId: 'child', steps: [step] }
}

const PausedAnswer = WeftAnswer.extend({ approvals: z.array(z.looseObject({ id: z.string(), hash: z.string() })) })

export function pausedOf(answer: object): z.infer<typeof PausedAnswer> {
  return PausedAnswer.parse(Reflect.get(answer, 'weft'))
}

/** Begins a session that pauses; answers the first approval, and the ids of all. */
export async function beginIn(storeId: string, ask: Ask = {}) {
  const weft = pausedOf(await openAiClient().chat.completions.create(askingIn(storeId, ask)))
  const [approval] = weft.approvals
  if (approval === undefined) throw new Error('nothing is asked')
  return { ...approval, ids: weft.approvals.map(({ id }) => id), sessionId: weft.sessionId }
}

/** A key under a name that no other test uses. */
export async function makeKey(
  more: { name?: string; scopes?: string[]; roles?: string[]; tenant?: string } = {},
): Promise<{ name: string; key: string }> {
  keyCount += 1
  const { name = `approver ${Date.now()}-${keyCount}`, ...rest } = more
  const { key } = await bodyOf(Key, post('/v1/keys', { name, scopes: ['chat', 'approve'], ...rest }))
  return { name, key }
}

export function post(path: string, body: object, key?: string): Promise<Response> {
  return request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(key === undefined ? {} : { key }),
  })
}

export async function refusalOf(response: Response) {
  return { status: response.status, ...(await bodyOf(Refusal, response)).error }
}

export async function answerOf(sessionId: string): Promise<{ status: string; text: string }> {
  const Session = z.looseObject({
    turns: z.array(z.looseObject({ status: z.string(), answer: z.looseObject({ text: z.string() }).optional() })),
  })
  const lastTurn = async () => (await bodyOf(Session, request(`/v1/sessions/${sessionId}`))).turns.at(-1)
  await eventually(async () => (await lastTurn())?.answer !== undefined)
  const { status = '', answer } = (await lastTurn()) ?? {}
  return { status, text: answer?.text ?? '' }
}

export function contentOf(answer: OpenAI.ChatCompletion): string {
  return answer.choices[0]?.message.content ?? ''
}

/** Lists and history follow their sessions by a moment; a busy machine may take a minute for it. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (const giveUpAtMs = Date.now() + 60_000; !(await isSo()); ) {
    if (Date.now() > giveUpAtMs) throw new Error(`it never came to be: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
