import { expect, it } from '@jest/globals'
import { explainConnectionError } from './explain-upstream-error.ts'

it('names the address of a provider that does not answer, without what it is reached with', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const { message } = explainConnectionError('vllm', 'http://weft:secret@127.0.0.1:9/v1', cause)
  expect(message).toBe('vllm at http://127.0.0.1:9/v1 does not answer (ECONNREFUSED)')
})

it.each(['UND_ERR_SOCKET', 'ECONNRESET'])(
  'says of one that ends the connection that it broke off, in whatever the client wraps it: %s',
  (code) => {
    const cause = Object.assign(new Error('Connection error.'), { cause: Object.assign(new Error('closed'), { code }) })
    const error = explainConnectionError('anthropic', 'http://127.0.0.1:9', cause)
    expect(error.message).toBe(`anthropic at http://127.0.0.1:9 broke off before its answer was whole (${code})`)
    expect(error).toMatchObject({ code: 'upstream_error', isRetryable: true })
  },
)
