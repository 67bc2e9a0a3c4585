import { expect, it } from '@jest/globals'
import { z } from 'zod'
import { DrivenSession } from '../core/testing.ts'
import { checkOutput } from './check-output.ts'

const says = {
  outputOf: (_agent: string, capability: string) => (capability === 'answer' ? z.looseObject({ text: z.string() }) : undefined),
}
const usage = [{ model: 'm', inputTokens: 1, outputTokens: 1, costUsd: 0.5, measured: true }]

function resultOf(capability: string, output: unknown) {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', capability, idempotent: false }])
  const outcome = { kind: 'succeeded' as const, output, citations: [], confidence: 1 }
  return { state: session.state, input: { type: 'outcome' as const, ...session.ref('answer'), usage, outcome } }
}

it('an agent whose card lies about what it puts out has failed, for good, and has cost what it cost', () => {
  const { state, input } = resultOf('answer', { text: 7 })
  expect(checkOutput(says, state, input)).toMatchObject({
    usage,
    outcome: {
      kind: 'failed',
      mayHaveHappened: true,
      problem: {
        code: 'upstream_error',
        isRetryable: false,
        message: expect.stringMatching(/does not put out what its card says of "answer": 'text' /),
      },
    },
  })
})

it.each([
  ['what the card says', 'answer', { text: 'yes', more: 1 }],
  ['anything where the card says nothing', 'act', 7],
])('a result may be %s', (_what, capability, output) => {
  const { state, input } = resultOf(capability, output)
  expect(checkOutput(says, state, input)).toBe(input)
})

it('what is no result, or of a turn that is gone, is handed on', () => {
  const { state, input } = resultOf('answer', 7)
  expect(checkOutput(says, { ...state, turns: [] }, input)).toBe(input)
  expect(checkOutput(says, state, { type: 'tick' })).toEqual({ type: 'tick' })
})
