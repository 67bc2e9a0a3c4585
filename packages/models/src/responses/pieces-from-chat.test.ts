import { expect, it } from '@jest/globals'
import { ModelError } from '../model-error.ts'
import { piecesOfChat } from './pieces-from-chat.ts'

it('a usage that cannot be is as good as none', () => {
  const choices = [{ delta: {}, finish_reason: 'stop' }]
  const usage = { prompt_tokens: -1, completion_tokens: 5 }
  expect(piecesOfChat(JSON.stringify({ choices, usage }))).toEqual([{ type: 'finish', reason: 'stop' }])
})

it('what is no answer is the fault of its model, not of the request', () => {
  const told = expect.objectContaining({ code: 'upstream_error', message: expect.stringContaining('content') })
  expect(() => piecesOfChat('{"choices":[{"delta":{"content":5}}]}')).toThrow(told)
  expect(() => piecesOfChat('{"choices":')).toThrow(ModelError)
})
