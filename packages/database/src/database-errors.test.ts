import { expect, it } from '@jest/globals'
import { isConnectionFailure, toDatabaseError } from './database-errors.ts'

it.each([
  ['53100', 'could not extend file "base/5/17446": No space left on device', 'the database has no room left (disk)'],
  ['53200', 'out of memory', 'the database has no room left (memory)'],
])('a lack of room (%s) is told as what it is, and is no lost connection', (code, said, told) => {
  const cause = Object.assign(new Error(said), { code })
  expect(toDatabaseError(cause)).toMatchObject({ code: 'dependency_unavailable', message: expect.stringContaining(told), cause })
  expect(isConnectionFailure(cause)).toBe(false)
})

it.each(['28P01', '28000', '3D000'])('a database that does not let the mesh in (%s) is one that is not reached', (code) => {
  const cause = Object.assign(new Error('password authentication failed'), { code })
  expect(isConnectionFailure(cause)).toBe(true)
  expect(toDatabaseError(cause)).toMatchObject({
    code: 'dependency_unavailable',
    message: 'the database is not reachable (password authentication failed)',
  })
})
