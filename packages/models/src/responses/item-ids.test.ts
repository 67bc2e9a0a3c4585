import { expect, it } from '@jest/globals'
import { inputItemId, outputItemId, placeOfItem } from './item-ids.ts'

it.each(['reasoning', 'message', 'function_call', 'file_search_call'] as const)(
  'the id of a %s leads back to its response and to what it is there',
  (type) => {
    expect(placeOfItem(outputItemId(type, 'resp_my_session-1.12', 3))).toEqual({ responseId: 'resp_my_session-1.12', type })
  },
)

it('an item that a response was made from is told from those that it put out', () => {
  expect(inputItemId('message', 'resp_1', 0)).toBe('msg_in_1_0')
  expect(inputItemId('web_search_call', 'resp_1', 0)).toBe('item_in_1_0')
})

it.each(['msg_abc', 'item_abc_0', 'msg__x'])('%s is the id of no item', (id) => {
  expect(placeOfItem(id)).toBeUndefined()
})
