import { parseJson, toWeftError } from '@weft/contracts'
import { z } from 'zod'
import { ModelError } from '../model-error.ts'
import { ChatUsage, finishReason, tokenCounts } from '../openai/chat-chunk.ts'
import type { AnswerPiece } from './answer-piece.ts'

const ToolCall = z.looseObject({
  index: z.int().nonnegative().optional(),
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
})

const Content = z.looseObject({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z.array(ToolCall).nullish(),
})

const Logprobs = z.looseObject({ content: z.array(z.unknown()).nullish() })

const Choice = z.looseObject({
  delta: Content.nullish(),
  message: Content.nullish(),
  logprobs: Logprobs.nullish(),
  finish_reason: z.string().nullish(),
})

// A count that cannot be right is read as none.
const Chat = z.looseObject({ choices: z.array(Choice).nullish(), usage: ChatUsage.nullish().catch(undefined) })

/** The pieces of a chat completion, or of one chunk, given as JSON text. Throws ModelError for anything else, which is the model's fault. */
export function piecesOfChat(json: string): AnswerPiece[] {
  const { choices, usage } = parseChat(json)
  const choice = choices?.[0]
  const content = choice?.message ?? choice?.delta
  return [
    ...(content == null ? [] : piecesOfContent(content, choice?.logprobs?.content ?? undefined)),
    ...(choice?.finish_reason ? [{ type: 'finish' as const, reason: finishReason(choice.finish_reason) }] : []),
    ...(usage == null ? [] : [{ type: 'tokens' as const, ...tokenCounts(usage) }]),
  ]
}

function parseChat(json: string): z.infer<typeof Chat> {
  try {
    return parseJson(Chat, json, 'the answer of the model')
  } catch (cause) {
    throw new ModelError('upstream_error', toWeftError(cause).message, { cause })
  }
}

function piecesOfContent(content: z.infer<typeof Content>, logprobs: unknown[] | undefined): AnswerPiece[] {
  const pieces: AnswerPiece[] = []
  const reasoning = content.reasoning_content ?? content.reasoning
  if (reasoning) pieces.push({ type: 'reasoning', delta: reasoning })
  if (content.content) pieces.push({ type: 'text', delta: content.content, logprobs })
  if (content.refusal) pieces.push({ type: 'refusal', delta: content.refusal })
  content.tool_calls?.forEach((call, at) => {
    pieces.push({
      type: 'tool_call',
      index: call.index ?? at,
      id: call.id ?? undefined,
      name: call.function?.name ?? undefined,
      argumentsDelta: call.function?.arguments ?? '',
    })
  })
  return pieces
}

/** The pieces of a chat completion stream, given as SSE text of whole events. */
export async function* piecesOfChatStream(chunks: AsyncIterable<string>): AsyncGenerator<AnswerPiece> {
  for await (const chunk of chunks) {
    for (const event of chunk.split('\n\n')) {
      const data = event.startsWith('data: ') ? event.slice('data: '.length) : ''
      if (data !== '' && data !== '[DONE]') yield* piecesOfChat(data)
    }
  }
}
