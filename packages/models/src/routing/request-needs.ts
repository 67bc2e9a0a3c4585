import { ChatMessage } from '@weft/contracts'
import type { ModelRequest } from '../model-request.ts'
import { estimateInputTokens } from '../tokens/estimate-tokens.ts'

/** Something that a model must be able to do, and the field of the request that asks for it. */
export type Need = { capability: NeededCapability; param: string }

/** Capabilities that a request can depend on: those of the registry, and `stop`, which the registry does not list. */
export type NeededCapability =
  | 'vision'
  | 'audio'
  | 'files'
  | 'tools'
  | 'json_schema'
  | 'logprobs'
  | 'n'
  | 'seed'
  | 'sampling'
  | 'penalties'
  | 'stop'

/** What one request asks of whichever model answers it. */
export interface RequestNeeds {
  needs: Need[]
  /** An estimate. */
  inputTokens: number
  /** The longest answer that the request allows; undefined when it sets no limit. */
  outputTokens: number | undefined
}

/** The needs of a chat completion body, as clients send it. */
export function needsOfChat(body: Record<string, unknown>): RequestNeeds {
  const messages = ChatMessage.array().safeParse(body.messages)
  return {
    needs: [...optionNeeds(body), ...partNeeds(messages.data ?? [])],
    inputTokens: estimateInputTokens(messages.data ?? []),
    outputTokens: numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens),
  }
}

/** The needs of a call that the mesh makes itself. */
export function needsOfRequest(request: ModelRequest): RequestNeeds {
  const { messages, tools, responseFormat, seed, temperature, topP, stop } = request
  const body = { tools, response_format: responseFormat, seed, temperature, top_p: topP, stop }
  return {
    needs: [...optionNeeds(body), ...partNeeds(messages)],
    inputTokens: estimateInputTokens(messages),
    outputTokens: request.maxOutputTokens,
  }
}

/** The needs of options. A value that every model keeps to anyway, such as temperature 1, needs nothing. */
function optionNeeds(body: Record<string, unknown>): Need[] {
  const asked: [NeededCapability, string, boolean][] = [
    ['tools', 'tools', Array.isArray(body.tools) && body.tools.length > 0],
    ['json_schema', 'response_format', typeOf(body.response_format, 'text') !== 'text'],
    ['logprobs', 'logprobs', body.logprobs === true],
    ['n', 'n', (numberOf(body.n) ?? 1) > 1],
    ['seed', 'seed', body.seed != null],
    ['sampling', 'temperature', (numberOf(body.temperature) ?? 1) !== 1],
    ['sampling', 'top_p', (numberOf(body.top_p) ?? 1) !== 1],
    ['penalties', 'presence_penalty', (numberOf(body.presence_penalty) ?? 0) !== 0],
    ['penalties', 'frequency_penalty', (numberOf(body.frequency_penalty) ?? 0) !== 0],
    ['penalties', 'logit_bias', Object.keys(Object(body.logit_bias)).length > 0],
    ['stop', 'stop', (typeof body.stop === 'string' || Array.isArray(body.stop)) && body.stop.length > 0],
    ['audio', 'modalities', Array.isArray(body.modalities) && body.modalities.includes('audio')],
  ]
  return asked.flatMap(([capability, param, isAsked]) => (isAsked ? [{ capability, param }] : []))
}

const partCapabilities: Readonly<Record<string, NeededCapability>> = {
  image_url: 'vision',
  input_audio: 'audio',
  file: 'files',
}

/** What a model must be able to do to take the images, files and sound in messages. */
export function partNeeds(messages: ChatMessage[]): Need[] {
  return messages.flatMap(({ content }, index) =>
    Array.isArray(content)
      ? content.flatMap(({ type }) => {
          const capability = partCapabilities[type]
          return capability === undefined ? [] : [{ capability, param: `messages.${index}.content` }]
        })
      : [],
  )
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function typeOf(value: unknown, absent: string): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : absent
}
