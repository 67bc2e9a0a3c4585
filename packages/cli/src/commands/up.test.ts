import { expect, it } from '@jest/globals'
import { parseReplicas } from './up.ts'

it('reads how many copies of which service are wanted', () => {
  expect(parseReplicas('gateway=2,orchestrator=3')).toEqual({ gateway: 2, orchestrator: 3 })
})

it('refuses an unknown service and a count out of bounds, naming them', () => {
  expect(() => parseReplicas('redis=2')).toThrow("'redis' is not one of planner")
  for (const wrong of ['rag', 'rag=0', 'rag=99', 'rag=two'])
    expect(() => parseReplicas(wrong)).toThrow(`'${wrong}' must say 1 to`)
})
