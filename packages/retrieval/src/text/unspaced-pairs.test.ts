import { expect, it } from '@jest/globals'
import { unspacedPairs } from './unspaced-pairs.ts'

it('takes runs of letters without spaces apart into pairs, across the end of a line', () => {
  expect(unspacedPairs('サーバーを\n再起動')).toBe('サー ーバ バー ーを を再 再起 起動')
  expect(unspacedPairs('通知期为三个月。')).toBe('通知 知期 期为 为三 三个 个月')
  expect(unspacedPairs('서버를 ภาษา')).toBe('서버 버를 ภา าษ ษา')
})

it('ends a run at a mark, a blank line and another script, and keeps a letter that stands alone', () => {
  expect(unspacedPairs('第3章、鍵\n\n長さ')).toBe('第 章 鍵 長さ')
})

it('leaves other scripts alone, and takes linear time', () => {
  expect(unspacedPairs('The quick fox; größe, имя, 3.14, 😀')).toBe('')
  expect(unspacedPairs('漢'.repeat(5_000_000)).length).toBeLessThan(60_001)
})
