import { describe, expect, it } from '@jest/globals'
import { batchInputs } from './batch-inputs.ts'

describe('inputs of embeddings', () => {
  it('are batched by their number and by their size, in order', () => {
    expect(batchInputs(['a', 'b', 'c'], { inputsMax: 2, tokensMax: 100 })).toEqual([['a', 'b'], ['c']])
    expect(batchInputs(['aaa', 'bb', 'cccccc', 'd'], { inputsMax: 9, tokensMax: 5 })).toEqual([['aaa', 'bb'], ['cccccc'], ['d']])
    expect(batchInputs([], { inputsMax: 9, tokensMax: 5 })).toEqual([])
  })

  it('count by their tokens where they are tokens, and by the bytes of their text otherwise', () => {
    expect(batchInputs([[1, 2, 3], 'éé', [4]], { inputsMax: 9, tokensMax: 6 })).toEqual([[[1, 2, 3]], ['éé', [4]]])
  })
})
