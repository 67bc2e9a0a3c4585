import { WeftError } from '@weft/contracts'

/** Fields of chat completions by their names on the wire of responses. */
const names: Readonly<Record<string, string>> = {
  messages: 'input',
  max_tokens: 'max_output_tokens',
  max_completion_tokens: 'max_output_tokens',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
  logprobs: 'top_logprobs',
  verbosity: 'text.verbosity',
}

/** Objects of chat completions that the wire of responses does without. */
const wrappers = [/^(tools\.\d+|tool_choice)\.function\b/, /^(response_format)\.json_schema\b/] as const

/** A field of chat completions as the caller of responses has sent it. */
export function responseTerm(field: string): string {
  const bare = wrappers.reduce((name, wrapper) => name.replace(wrapper, '$1'), field)
  const [first = '', ...rest] = bare.split('.')
  // Messages are not counted as items are: the instructions are one more, calls are fewer.
  return first === 'messages' ? 'input' : [names[first] ?? first, ...rest].join('.')
}

/** A refusal of the stores that a tool `file_search` names. */
export function inToolTerms(thrown: unknown): unknown {
  if (!(thrown instanceof WeftError) || thrown.param !== 'weft.vectorStoreIds') return thrown
  return withParam(thrown, 'tools')
}

/** A refusal of the chat completion that a response was translated to, with the field that the caller sent. */
export function inResponseTerms(thrown: unknown): unknown {
  if (!(thrown instanceof WeftError) || thrown.param === undefined) return thrown
  const param = responseTerm(thrown.param)
  if (param === thrown.param) return thrown
  return withParam(thrown, param)
}

/** Where the words name the field, too, they go by the same name. */
function withParam(refusal: WeftError, param: string): WeftError {
  const { code, message, isRetryable, details } = refusal
  const said = message.replaceAll(`'${refusal.param}'`, `'${param}'`)
  return new WeftError(code, said, { param, isRetryable, details, cause: refusal })
}
