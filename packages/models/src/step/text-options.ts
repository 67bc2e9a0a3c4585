import type { ExecuteRequest } from '@weft/contracts'

/** The model options of a step's request, without tools and answer formats: a step answers in prose. */
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
