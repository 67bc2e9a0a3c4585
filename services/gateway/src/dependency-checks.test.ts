import { expect, it } from '@jest/globals'
import { createFindDown } from './dependency-checks.ts'

it('looks once for all who ask what is down at the same time, and anew for who asks later', async () => {
  let looks = 0
  const check = async () => {
    looks += 1
    return false
  }
  const findDown = createFindDown([{ name: 'database', isRequired: true, check }])
  expect(await Promise.all([findDown(), findDown(), findDown()])).toEqual([['database'], ['database'], ['database']])
  expect(looks).toBe(1)
  expect(await findDown()).toEqual(['database'])
  expect(looks).toBe(2)
})
