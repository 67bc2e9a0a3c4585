import type { ExecuteRequest } from '@weft/contracts'

/** A step answers in prose: tools and answer formats of the chat request are for clients that call the model themselves. */
export function textOptions(request: ExecuteRequest): Record<string, unknown> {
  const {
    tools: _tools,
    tool_choice: _choice,
    parallel_tool_calls: _parallel,
    response_format: _format,
    ...options
  } = request.context?.modelOptions ?? {}
  return options
}
