import type { ProviderCall, ProviderConnection } from '../provider.ts'

/** The body of a streamed chat completion, without options that the model is known not to accept. */
export function chatBody(
  call: ProviderCall,
  connection: Pick<ProviderConnection, 'maxTokensField' | 'streamUsage'>,
): Record<string, unknown> {
  const { request, modelName } = call
  const samples = call.capabilities?.includes('sampling') ?? true
  return withoutUndefined({
    model: modelName,
    messages: request.messages,
    stream: true,
    stream_options: connection.streamUsage === 'asked' ? { include_usage: true } : undefined,
    [connection.maxTokensField]: request.maxOutputTokens,
    temperature: samples ? request.temperature : undefined,
    top_p: samples ? request.topP : undefined,
    stop: request.stop,
    seed: request.seed,
    tools: request.tools,
    tool_choice: request.toolChoice,
    parallel_tool_calls: request.parallelToolCalls,
    response_format: request.responseFormat,
    reasoning_effort: request.reasoningEffort,
    user: request.user,
    prompt_cache_key: request.promptCacheKey,
  })
}

function withoutUndefined(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}
