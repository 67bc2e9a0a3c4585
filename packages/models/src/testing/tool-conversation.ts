import type { ChatMessage } from '@weft/contracts'
import type { CollectedToolCall } from '../complete-model.ts'
import type { ModelTool } from '../model-request.ts'

export const tools: ModelTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]

export function weather(id: string, city: string): CollectedToolCall {
  return { id, name: 'get_weather', arguments: JSON.stringify({ city }) }
}

const wireCall = (id: string, city: string) => ({
  id,
  type: 'function',
  function: { name: 'get_weather', arguments: JSON.stringify({ city }) },
})

/** A conversation in which two calls were made and answered. */
export const withToolResult: ChatMessage[] = [
  { role: 'user', content: 'Weather in Oslo and Rome?' },
  { role: 'assistant', content: 'Looking.', tool_calls: [wireCall('call_1', 'Oslo'), wireCall('call_2', 'Rome')] },
  { role: 'tool', tool_call_id: 'call_1', content: 'snow' },
  { role: 'tool', tool_call_id: 'call_2', content: 'sun' },
  { role: 'user', content: 'And?' },
]
