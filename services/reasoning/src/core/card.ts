import { type AgentCard, weftVersion } from '@weft/contracts'

export const capabilities = { reason: 'reason', synthesize: 'synthesize' } as const

const question = { type: 'string', description: 'Default: the last message of the user.' }
const answerSchema = {
  type: 'object',
  properties: { text: { type: 'string' }, degraded: { type: 'array', items: { type: 'string' } } },
  required: ['text'],
}

/** What the reasoning agent can do, as the planner reads it. */
export const card: AgentCard = {
  id: 'reasoning',
  version: weftVersion,
  description: 'Answers from the conversation with a language model, and joins what several steps have found.',
  capabilities: [
    {
      name: capabilities.reason,
      description: 'An answer to the conversation itself; the texts of the steps it depends on are given to the model.',
      inputSchema: {
        type: 'object',
        properties: { question, instructions: { type: 'string', description: 'How to answer, for the model.' } },
      },
      outputSchema: answerSchema,
      latencyMs: 2_000,
      effects: 'none',
    },
    {
      name: capabilities.synthesize,
      description:
        'One cited answer from the passages of several steps, subject by subject; every citation is checked against its source.',
      inputSchema: {
        type: 'object',
        properties: {
          question,
          subjects: {
            type: 'array',
            items: { type: 'string' },
            description: 'What is compared, in the order of the steps it depends on.',
          },
        },
      },
      outputSchema: answerSchema,
      latencyMs: 3_000,
      effects: 'none',
    },
  ],
}
