import { expect, it } from '@jest/globals'
import { explainConnectionError } from './explain-upstream-error.ts'

it('names the address of a provider that does not answer, without what it is reached with', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const { message } = explainConnectionError('vllm', 'http://weft:secret@127.0.0.1:9/v1', cause)
  expect(message).toBe('vllm at http://127.0.0.1:9/v1 does not answer (ECONNREFUSED)')
})
