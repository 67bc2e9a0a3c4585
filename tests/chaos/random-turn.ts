/** A turn of random shape: up to five steps in a random order of dependencies, each may wait for an approval. */
export interface RandomTurn {
  plan: object
  stepIds: string[]
}

export function randomTurn(random: () => number): RandomTurn {
  const count = 1 + Math.floor(random() * 5)
  const stepIds = Array.from({ length: count }, (_, n) => `s${n}`)
  const steps = stepIds.map((stepId, n) => {
    const isAsked = random() < 0.15
    const earlier = stepIds.slice(0, n)
    const isLast = n === count - 1
    return {
      stepId,
      agent: random() < 0.5 ? 'chaos' : 'kept',
      capability: 'act',
      params: {},
      dependsOn: isLast ? earlier : earlier.filter(() => random() < 0.5),
      parallel: false,
      // A step is not given up for the crashes around it.
      onFailure: { action: 'retry', maxAttempts: 20 },
      ...(isAsked ? { approval: { reason: 'It has an effect.' } } : {}),
    }
  })
  return { plan: { planId: 'chaos', schemaVersion: 1, answerStepId: `s${count - 1}`, steps }, stepIds }
}
