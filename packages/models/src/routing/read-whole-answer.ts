import { z } from 'zod'
import { jsonOrNothing } from '../upstream/json-or-nothing.ts'
import type { WholeAnswer } from './core/judge-answer.ts'

const Call = z.object({
  // Bounded, because a list gets as long as its highest index, whatever a server sends.
  index: z.int().nonnegative().max(1_000).optional(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
})
const Said = z.object({ content: z.string().nullish(), tool_calls: z.array(Call).nullish() })
const Answer = z.object({ choices: z.array(z.object({ message: Said.optional(), delta: Said.optional() })) })

/** Texts longer than this are not judged. */
const charsMax = 1_000_000

/** Puts an answer on OpenAI's wire together from what comes of it: a whole body, or the events of a stream. */
export function createAnswerReader() {
  let text = ''
  const calls: { name: string; arguments: string }[] = []

  function read(json: string): void {
    const parsed = Answer.safeParse(jsonOrNothing(json))
    const said = parsed.data?.choices[0]?.message ?? parsed.data?.choices[0]?.delta
    if (said == null || text.length > charsMax) return
    text += said.content ?? ''
    said.tool_calls?.forEach((call, at) => {
      const index = call.index ?? at
      const known = calls[index] ?? { name: '', arguments: '' }
      calls[index] = {
        name: known.name + (call.function?.name ?? ''),
        arguments: known.arguments + (call.function?.arguments ?? ''),
      }
    })
  }

  return {
    body: read,
    events(piece: string): void {
      for (const line of piece.split('\n')) if (line.startsWith('data: {')) read(line.slice('data: '.length))
    },
    answer: (): WholeAnswer => ({ text, toolCalls: calls.filter((call) => call !== undefined) }),
  }
}
