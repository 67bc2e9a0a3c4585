/** What each step of both agents of the long run declares to cost. */
export const stepUsd = 0.001

/** The one capability of both. */
export const actCapability = {
  name: 'act',
  description: 'Has an effect, and answers its name.',
  inputSchema: {},
  outputSchema: {},
  costUsd: stepUsd,
  effects: 'external' as const,
}
