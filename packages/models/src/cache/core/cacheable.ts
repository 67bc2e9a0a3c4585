import { z } from 'zod'

/** Whether a request may be answered from the cache: because it says so, or because it leaves no room for chance, so that an earlier answer is as good. */
export function mayAnswerAgain(
  body: Record<string, unknown>,
  { wish, capabilities }: { wish?: boolean | undefined; capabilities?: readonly string[] | undefined },
): boolean {
  if (wish !== undefined) return wish
  if (typeof body.n === 'number' && body.n > 1) return false
  // With a model that takes no temperature the client could not ask for answers that do not differ.
  return body.temperature === 0 || body.seed != null || (capabilities !== undefined && !capabilities.includes('sampling'))
}

const Choice = z.object({
  finish_reason: z.string().nullish(),
  message: z.object({ tool_calls: z.array(z.unknown()).nullish() }).optional(),
  delta: z.object({ tool_calls: z.array(z.unknown()).nullish() }).optional(),
})
const Answer = z.object({ model: z.string().optional(), choices: z.array(Choice), error: z.unknown().optional() })

/** Whether an answer on OpenAI's wire may be given again: it came from the model that was asked, is whole, was not cut or filtered, has no error, and calls no tool. */
export function isWorthKeeping(
  pieces: readonly string[],
  { isStreamed, model }: { isStreamed: boolean; model: string },
): boolean {
  let ended = 0
  for (const json of isStreamed ? eventsOf(pieces) : pieces) {
    const parsed = Answer.safeParse(parse(json))
    if (!parsed.success || parsed.data.error !== undefined || (parsed.data.model ?? model) !== model) return false
    for (const { finish_reason: reason, message, delta } of parsed.data.choices) {
      if ((message?.tool_calls ?? delta?.tool_calls ?? []).length > 0) return false
      if (reason != null && reason !== 'stop') return false
      if (reason === 'stop') ended += 1
    }
  }
  return ended > 0
}

function eventsOf(pieces: readonly string[]): string[] {
  const lines = pieces.join('').split('\n')
  return lines.flatMap((line) => (line.startsWith('data: ') && line !== 'data: [DONE]' ? [line.slice('data: '.length)] : []))
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
