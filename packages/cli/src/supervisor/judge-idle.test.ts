import { expect, it } from '@jest/globals'
import { createIdleJudge } from './judge-idle.ts'

const grownBytes = 50_000_000
const idle = { share: 0.01, grownBytes }
const busy = { share: 0.5, grownBytes }
const looks = (judge: ReturnType<typeof createIdleJudge>, count: number) => Array.from({ length: count }, () => judge(idle))

it('what starting left behind is collected at the first look without work, and never during work', () => {
  const judge = createIdleJudge()
  expect([judge(busy), judge(busy), judge(idle)]).toEqual([false, false, true])
})

it('a process that has worked since is collected after twelve looks without work, however often it paused before', () => {
  const judge = createIdleJudge()
  judge(idle)
  expect([judge(busy), ...looks(judge, 11), judge(busy), ...looks(judge, 12)].filter(Boolean)).toEqual([true])
})

it('a heap that has hardly grown is left as it is', () => {
  const judge = createIdleJudge()
  expect(Array.from({ length: 30 }, () => judge({ share: 0, grownBytes: 1_000_000 }))).not.toContain(true)
})
