import { describe, expect, it } from '@jest/globals'
import { gateOption } from './gate-option.ts'

describe('a gate', () => {
  it.each([
    ['hybrid.ndcg@10>=0.70', { setting: 'hybrid', metric: 'ndcg@10', bound: { operator: '>=', limit: 0.7 } }],
    ['hybrid.p99_ms <= 80', { setting: 'hybrid', metric: 'p99_ms', bound: { operator: '<=', limit: 80 } }],
    [
      'hybrid:fusion=rrf,textWeight=0.5.map>0.1',
      { setting: 'hybrid:fusion=rrf,textWeight=0.5', metric: 'map', bound: { operator: '>', limit: 0.1 } },
    ],
  ])('is read from %j', (text, gate) => {
    expect(gateOption(text, undefined)).toEqual([{ text, ...gate }])
  })

  it.each(['hybrid', 'hybrid>=0.5', 'hybrid.ndcg@10', 'hybrid.ndcg@10>=high', 'hybrid.ndcg@10=0.5'])(
    'is refused for %j',
    (text) => {
      expect(() => gateOption(text, undefined)).toThrow(/--gate needs <setting>\.<metric>/)
    },
  )
})
