const step = { agent: 'rag', params: {}, dependsOn: [], parallel: false }

/** A client's own plan: search for the question, then have this model answer it from what was found. */
export function retrieveAndAnswer(question: string, modelId: string) {
  return {
    planId: 'retrieve-and-answer',
    schemaVersion: 1,
    answerStepId: 'answer',
    steps: [
      { ...step, stepId: 'find', capability: 'retrieve', params: { query: question } },
      {
        ...step,
        stepId: 'answer',
        capability: 'answer',
        params: { question },
        dependsOn: ['find'],
        model: { prefer: modelId },
      },
    ],
  }
}
