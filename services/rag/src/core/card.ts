import { type AgentCard, weftVersion } from '@weft/contracts'

export const capabilities = { retrieve: 'retrieve', answer: 'answer' } as const

/** What the retrieval agent can do, as the planner reads it. */
export const card: AgentCard = {
  id: 'rag',
  version: weftVersion,
  description: 'Finds passages in the knowledge of a tenant and answers from them with verified citations.',
  capabilities: [
    {
      name: capabilities.retrieve,
      description: 'Passages of the vector stores that match a query, best first.',
      inputSchema: {
        type: 'object',
        properties: {
          query: { type: 'string', description: 'Default: the last message of the user.' },
          maxResults: { type: 'integer', minimum: 1, maximum: 50 },
          filters: { type: 'object', description: "OpenAI's vector store filter." },
          multiHop: {
            type: 'boolean',
            description: 'Whether to search again from what was found, for answers that take several passages.',
          },
        },
      },
      outputSchema: {
        type: 'object',
        properties: {
          passages: { type: 'array' },
          query: { type: 'string' },
          rewrittenFrom: { type: 'string' },
          evidence: { type: 'number', description: 'How likely the passages hold an answer, 0 to 1.' },
          chain: { type: 'array', description: 'Which passage led to which, with the names that did.' },
        },
        required: ['passages', 'query'],
      },
      costUsd: 0,
      latencyMs: 20,
      effects: 'none',
      // Searches share one event loop and one database: of hundreds at once each would take seconds, and none end before its deadline.
      maxConcurrency: 32,
    },
    {
      name: capabilities.answer,
      description:
        'Answers a question from the passages of the steps it depends on; every citation is checked against its source.',
      inputSchema: {
        type: 'object',
        properties: { question: { type: 'string', description: 'Default: the last message of the user.' } },
      },
      outputSchema: {
        type: 'object',
        properties: { text: { type: 'string' }, degraded: { type: 'array', items: { type: 'string' } } },
        required: ['text'],
      },
      latencyMs: 2_000,
      effects: 'none',
    },
  ],
}
