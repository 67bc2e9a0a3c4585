import { expect, it } from '@jest/globals'
import { placeOfItem } from '@weft/models'
import { turnOfResponse, turnResponseId } from './response-id.ts'

it('leads from an item to its response, and from a workflow’s response to its turn', () => {
  const turn = { sessionId: 'my_session-1', turn: 12 }
  const id = turnResponseId(turn)
  expect(turnOfResponse(id)).toEqual(turn)
  expect(placeOfItem(`msg_${id.slice('resp_'.length)}_0`)).toEqual({ responseId: id, type: 'message' })
})

it.each(['resp_abc', 'resp_a b.1', 'resp_.1', 'resp_a.0', 'chat_a.1'])('takes %s for no turn', (id) => {
  expect(turnOfResponse(id)).toBeUndefined()
})
