import { describe, expect, it } from '@jest/globals'
import { settingOption } from './setting-option.ts'

describe('a setting', () => {
  it.each([
    ['bm25', { name: 'bm25', weft: { mode: 'bm25' } }],
    ['default', { name: 'default', weft: undefined }],
    ['default:latencyBudgetMs=50', { name: 'default:latencyBudgetMs=50', weft: { latencyBudgetMs: 50 } }],
    [
      'hybrid:fusion=rrf,textWeight=0.5',
      { name: 'hybrid:fusion=rrf,textWeight=0.5', weft: { mode: 'hybrid', fusion: 'rrf', textWeight: 0.5 } },
    ],
    ['mine=hybrid:multiHop=false', { name: 'mine', weft: { mode: 'hybrid', multiHop: false } }],
    ['hybrid:duplicates=keep', { name: 'hybrid:duplicates=keep', weft: { mode: 'hybrid', duplicates: 'keep' } }],
    ['rr=hybrid:rerank=cohere/rerank-v3.5', { name: 'rr', weft: { mode: 'hybrid', rerank: 'cohere/rerank-v3.5' } }],
  ])('is read from %j', (text, setting) => {
    expect(settingOption(text, undefined)).toEqual([setting])
  })

  it.each([
    ['an unknown mode', 'lexical', /--setting knows default, bm25, vector, hybrid/],
    ['an unknown option', 'hybrid:weight=0.5', /Unrecognized key.*options: fusion, textWeight/],
    ['a weight above 1', 'hybrid:textWeight=50', /textWeight/],
    ['a fusion nobody knows', 'hybrid:fusion=sum', /fusion/],
    ['duplicates that are neither kept nor suppressed', 'hybrid:duplicates=no', /duplicates/],
    ['an option without a value', 'hybrid:fusion', /fusion/],
    ['the name of the answers', 'answers=hybrid', /the name "answers"/],
  ])('is refused for %s', (_, text, message) => {
    expect(() => settingOption(text, undefined)).toThrow(message)
  })

  it('cannot be there twice under one name', () => {
    expect(() => settingOption('bm25', settingOption('bm25', undefined))).toThrow(/"bm25" is there twice/)
  })
})
