import { ChatMessage, lastQuestion } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import type { ChainOptions } from '../resilience/chain-calls.ts'
import type { TaskFacts } from './core/classify-task.ts'
import { canJudge, claimsOf } from './core/judge-answer.ts'
import type { ModelRouter, Route, RouteWishes } from './model-router.ts'
import { createAnswerReader } from './read-whole-answer.ts'
import { needsOfChat } from './request-needs.ts'
import type { SchemaJudge } from './schema-judge.ts'

/** The public id that stands for the model that fits a request best. */
export const routedModelId = 'router/auto'

export interface RoutedCall extends Pick<ChainOptions, 'onModel'> {
  router: ModelRouter
  judge: SchemaJudge['judge']
  scope: CallScope
  wishes?: RouteWishes | undefined
  pass(body: Record<string, unknown>, routed: RoutedOptions): Promise<PassThroughAnswer>
}

/** What the choice adds to a call of the chosen model. */
export interface RoutedOptions extends Pick<ChainOptions, 'onModel'> {
  receipt: object
  /** The models to ask when the chosen one does not answer. */
  fallbacks: string[]
}

/** Sends a chat completion body to the model that fits it best, with the next ones as its fallbacks. Throws ModelError. */
export async function passRouted(
  body: Record<string, unknown>,
  { router, judge, scope, wishes, pass, ...told }: RoutedCall,
): Promise<PassThroughAnswer> {
  const route = await router.choose({ needs: needsOfChat(body), task: taskOfChat(body), scope, wishes })
  const [chosen = routedModelId, ...fallbacks] = route.chain
  let model = chosen
  const onModel = (asked: string) => {
    model = asked
    told.onModel?.(asked)
  }
  const answer = await pass({ ...body, model: chosen }, { receipt: route.receipt, fallbacks, onModel })
  return judged(answer, { body, model, route, judge })
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

function judged(
  answer: PassThroughAnswer,
  { body, model, route, judge }: { body: Record<string, unknown>; model: string; route: Route; judge: SchemaJudge['judge'] },
): PassThroughAnswer {
  if (!canJudge(body)) return answer
  const reader = createAnswerReader()
  /** Judges after the answer was passed on; nothing waits for the judgement. */
  const judgeLater = (outputTokens: number | undefined) => {
    const claims = claimsOf(body, reader.answer())
    if (claims !== undefined) void judge(claims).then((outcome) => route.judge(model, { ...outcome, outputTokens }))
  }
  if (answer.kind === 'body') {
    reader.body(answer.body)
    judgeLater(answer.usage.outputTokens)
    return answer
  }
  const { chunks, usage } = answer
  async function* watched(): AsyncGenerator<string> {
    for await (const chunk of chunks) {
      reader.events(chunk)
      yield chunk
    }
    judgeLater(usage()?.outputTokens)
  }
  return { ...answer, chunks: watched() }
}
