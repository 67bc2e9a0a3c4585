import { expect, it } from '@jest/globals'
import { areInConflict } from './find-conflict.ts'

it.each([
  ['one number', 'The Eiffel Tower is 300 metres tall.', 'The Eiffel Tower is 330 metres tall.'],
  ['a year', 'The weavers’ guild of Ghent was founded in 1302.', 'Ghent: the guild of weavers was founded in 1298.'],
  ['a negation', 'Wool fibres shrink in hot water.', 'Wool fibres do not shrink in hot water.'],
  ['a short negation', 'The loom needs daily oiling here.', 'The loom doesn’t need daily oiling here.'],
  ['an opposite', 'Mordant dyeing increases the strength of cotton.', 'Mordant dyeing reduces the strength of cotton.'],
])('sentences that differ in %s are in conflict, whichever comes first', (_what, left, right) => {
  expect([areInConflict(left, right), areInConflict(right, left)]).toEqual([true, true])
})

it.each([
  ['the same', 'The Eiffel Tower is 300 metres tall.', 'The Eiffel Tower is 300 metres tall.'],
  ['of different things', 'The Eiffel Tower is 300 metres tall.', 'The church spire of Ulm is 161 metres tall.'],
  ['of two cases', 'In 1990 the tower was 300 metres tall.', 'In 2000 the tower was 330 metres tall.'],
  ['a number more', 'The tower is 300 metres tall.', 'The tower is 300 metres tall with 3 floors.'],
  ['doubly turned', 'Dyeing increases the strength of cotton.', 'Dyeing does not reduce the strength of cotton.'],
  ['too short to tell', 'It is 3.', 'It is 4.'],
])('sentences that are %s are not', (_what, left, right) => {
  expect([areInConflict(left, right), areInConflict(right, left)]).toEqual([false, false])
})
