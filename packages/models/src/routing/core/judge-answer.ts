import { z } from 'zod'

/** An answer of a model as a whole, as far as it can be checked without asking anybody. */
export interface WholeAnswer {
  text: string
  toolCalls: readonly { name: string; arguments: string }[]
}

export interface JudgedAnswer {
  kind: 'schema' | 'tools'
  reward: number
}

const Required = z.object({ required: z.array(z.string()).default([]) })
const Wanted = z.object({
  tools: z
    .array(z.object({ function: z.object({ name: z.string(), parameters: Required.optional().catch(undefined) }) }))
    .optional()
    .catch(undefined),
  response_format: z
    .union([
      z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: Required.optional().catch(undefined) }) }),
      z.object({ type: z.literal('json_object') }),
    ])
    .optional()
    .catch(undefined),
})

/** Whether a chat completion body asks for something that can be judged: JSON, or calls of tools. */
export function canJudge(body: Record<string, unknown>): boolean {
  const { tools = [], response_format: format } = Wanted.parse(body)
  return tools.length > 0 || format !== undefined
}

/** What an answer is worth to the request, where that can be said: calls of tools that exist with what they need, JSON with what its schema needs. */
export function judgeAnswer(body: Record<string, unknown>, { text, toolCalls }: WholeAnswer): JudgedAnswer | undefined {
  const { tools = [], response_format: format } = Wanted.parse(body)
  if (toolCalls.length > 0) {
    const isGood = (call: WholeAnswer['toolCalls'][number]) =>
      tools.some(({ function: tool }) => tool.name === call.name && holds(call.arguments, tool.parameters?.required ?? []))
    return { kind: 'tools', reward: toolCalls.filter(isGood).length / toolCalls.length }
  }
  if (format === undefined) return undefined
  const required = format.type === 'json_schema' ? (format.json_schema.schema?.required ?? []) : []
  return { kind: 'schema', reward: holds(text, required) ? 1 : 0 }
}

/** Whether a text is a JSON object with these fields. */
function holds(text: string, required: readonly string[]): boolean {
  const parsed = JsonText.safeParse(text)
  return parsed.success && required.every((field) => field in parsed.data)
}

const JsonText = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue({ code: 'custom', message: 'no JSON' })
      return z.NEVER
    }
  })
  .pipe(z.record(z.string(), z.unknown()))
