import { expect, it } from '@jest/globals'
import { chosenEmbedder, createEmbedder, embedderPattern } from './create-embedder.ts'

it('chooses the local model where its folder is, and none where it is not', () => {
  expect(chosenEmbedder({ WEFT_EMBEDDER_FOLDER: '/models' })).toBe('local/all-MiniLM-L6-v2')
  expect(chosenEmbedder({ OPENAI_API_KEY: 'key' })).toBeUndefined()
  expect(chosenEmbedder({ WEFT_EMBEDDER: '  ' })).toBeUndefined()
})

it('obeys WEFT_EMBEDDER before the folder, also when it says off', () => {
  expect(chosenEmbedder({ WEFT_EMBEDDER: 'voyage/voyage-4', WEFT_EMBEDDER_FOLDER: '/models' })).toBe('voyage/voyage-4')
  expect(chosenEmbedder({ WEFT_EMBEDDER: 'off', WEFT_EMBEDDER_FOLDER: '/models' })).toBeUndefined()
})

it.each(['off', 'local/all-MiniLM-L6-v2', 'openai/text-embedding-3-small', 'openai/org/model:latest', 'voyage/voyage-4'])(
  'takes %s for an embedder',
  (id) => expect(id).toMatch(embedderPattern),
)

it.each(['', 'on', 'openai/', 'cohere/x', 'openai/a b'])('does not take %j for an embedder', (id) =>
  expect(id).not.toMatch(embedderPattern),
)

it.each([
  ['openai/text-embedding-3-small', 'OPENAI_API_KEY'],
  ['voyage/voyage-4', 'VOYAGE_API_KEY'],
  ['local/all-MiniLM-L6-v2', 'WEFT_EMBEDDER_FOLDER'],
])('names what is missing to make %s', (id, variable) => {
  expect(() => createEmbedder({}, id)).toThrow(`the embedding model ${id} needs ${variable}, which is not set`)
})

it('knows no other local model', () => {
  expect(() => createEmbedder({ WEFT_EMBEDDER_FOLDER: '/models' }, 'local/other')).toThrow('no embedder for "local/other"')
})

it('uses the chosen embedder’s address for no other', () => {
  const settings = { WEFT_EMBEDDER: 'voyage/a', WEFT_EMBEDDER_BASE_URL: 'http://127.0.0.1:1/v1' }
  expect(() => createEmbedder(settings, 'openai/b')).toThrow('OPENAI_API_KEY')
})
