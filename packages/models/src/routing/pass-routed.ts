import { ChatMessage, lastQuestion } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'
import { ModelError } from '../model-error.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import type { TaskFacts } from './core/classify-task.ts'
import { canJudge, judgeAnswer } from './core/judge-answer.ts'
import type { ModelRouter, Route, RouteWishes } from './model-router.ts'
import { createAnswerReader } from './read-whole-answer.ts'
import { needsOfChat } from './request-needs.ts'

/** The model that stands for whichever fits a request best. */
export const routedModelId = 'router/auto'

export interface RoutedCall {
  router: ModelRouter
  scope: CallScope
  wishes?: RouteWishes | undefined
  pass(body: Record<string, unknown>, receipt: object): Promise<PassThroughAnswer>
}

/** A chat completion body sent to the model that fits it best, or to the next ones while none has begun to answer. Throws ModelError. */
export async function passRouted(
  body: Record<string, unknown>,
  { router, scope, wishes, pass }: RoutedCall,
): Promise<PassThroughAnswer> {
  const route = await router.choose({ needs: needsOfChat(body), task: taskOfChat(body), scope, wishes })
  let failure: unknown
  for (const model of route.chain) {
    try {
      return judged(await pass({ ...body, model }, route.receipt), { body, model, route })
    } catch (thrown) {
      if (!mayAskAnother(thrown)) throw thrown
      failure ??= thrown
    }
  }
  throw failure
}

export function taskOfChat(body: Record<string, unknown>): TaskFacts {
  const messages = ChatMessage.array().safeParse(body.messages)
  const { tools, response_format: format } = body
  return {
    prompt: lastQuestion(messages.data ?? []),
    hasTools: Array.isArray(tools) && tools.length > 0,
    wantsJson: typeof format === 'object' && format !== null && 'type' in format && format.type !== 'text',
  }
}

const asksAnother: ReadonlySet<string> = new Set([
  'upstream_error',
  'timeout',
  'rate_limit_exceeded',
  'authentication',
  'permission',
  'model_not_found',
  'model_unavailable',
])

/** Nothing was said yet, and the request itself is not what is wrong. */
function mayAskAnother(thrown: unknown): boolean {
  return thrown instanceof ModelError && asksAnother.has(thrown.code)
}

function judged(
  answer: PassThroughAnswer,
  { body, model, route }: { body: Record<string, unknown>; model: string; route: Route },
): PassThroughAnswer {
  if (!canJudge(body)) return answer
  const reader = createAnswerReader()
  const judge = (outputTokens: number | undefined) => {
    const outcome = judgeAnswer(body, reader.answer())
    if (outcome !== undefined) route.judge(model, { ...outcome, outputTokens })
  }
  if (answer.kind === 'body') {
    reader.body(answer.body)
    judge(answer.usage.outputTokens)
    return answer
  }
  const { chunks, usage } = answer
  async function* watched(): AsyncGenerator<string> {
    for await (const chunk of chunks) {
      reader.events(chunk)
      yield chunk
    }
    judge(usage()?.outputTokens)
  }
  return { ...answer, chunks: watched() }
}
