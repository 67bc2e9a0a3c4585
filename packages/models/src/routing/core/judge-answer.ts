import { z } from 'zod'

/** The parts of a model's whole answer that can be checked without asking anybody. */
export interface WholeAnswer {
  text: string
  toolCalls: readonly { name: string; arguments: string }[]
}

export interface JudgedAnswer {
  kind: 'schema' | 'tools'
  reward: number
}

/** A text that has to be a JSON object, and to keep to the schema if there is one. */
export interface ClaimedJson {
  text: string
  schema?: Record<string, unknown> | undefined
}

/** What an answer has to keep to. `lost`: how many of its calls are of tools that were not offered. */
export interface AnswerClaims {
  kind: JudgedAnswer['kind']
  claimed: ClaimedJson[]
  lost: number
}

const Schema = z.record(z.string(), z.unknown())
const Wanted = z.object({
  tools: z
    .array(z.object({ function: z.object({ name: z.string(), parameters: Schema.optional().catch(undefined) }) }))
    .optional()
    .catch(undefined),
  response_format: z
    .union([
      z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: Schema.optional().catch(undefined) }) }),
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

/** What an answer to this body has to keep to: it calls only tools that were offered, with arguments of their schema, or is JSON of the schema that was asked for. */
export function claimsOf(body: Record<string, unknown>, { text, toolCalls }: WholeAnswer): AnswerClaims | undefined {
  const { tools = [], response_format: format } = Wanted.parse(body)
  if (toolCalls.length > 0) {
    const claimed = toolCalls.flatMap(({ name, arguments: called }) => {
      const tool = tools.find(({ function: offered }) => offered.name === name)
      return tool === undefined ? [] : [{ text: called, schema: tool.function.parameters }]
    })
    return { kind: 'tools', claimed, lost: toolCalls.length - claimed.length }
  }
  if (format === undefined) return undefined
  return {
    kind: 'schema',
    claimed: [{ text, schema: format.type === 'json_schema' ? format.json_schema.schema : undefined }],
    lost: 0,
  }
}

export function rewardOf({ kind, claimed, lost }: AnswerClaims, isKept: readonly boolean[]): JudgedAnswer {
  return { kind, reward: isKept.filter(Boolean).length / Math.max(1, claimed.length + lost) }
}

const Required = z.array(z.string()).catch([])

/** Whether a text is a JSON object with the fields that its schema requires; for texts whose schema cannot be validated. */
export function hasRequired({ text, schema }: ClaimedJson): boolean {
  const parsed = JsonText.safeParse(text)
  return parsed.success && Required.parse(schema?.required).every((field) => field in parsed.data)
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
