import { expect, it } from '@jest/globals'
import { rememberVectors } from './remember-vectors.ts'

function counting(id = 'test/model') {
  const asked: string[] = []
  const embed = ({ texts }: { texts: string[] }) => {
    asked.push(...texts)
    return Promise.resolve({ vectors: texts.map((text) => [Float32Array.of(text.length)]), inputTokens: texts.length })
  }
  return { id, embed, asked }
}

const question = (text: string, tenant = 'acme') => ({
  texts: [text],
  purpose: 'query' as const,
  scope: { tenant, agent: 'rag' },
})

it('embeds a question once, and gives the same vector when it is asked again', async () => {
  const [once, embedder] = [rememberVectors(), counting()]
  const first = await once(embedder, question('rain'))
  const again = await once(embedder, question('rain'))
  expect(again).toEqual({ ...first, inputTokens: 0 })
  expect(embedder.asked).toEqual(['rain'])
})

it('keeps tenants and models apart, and embeds documents each time', async () => {
  const [once, embedder, other] = [rememberVectors(), counting(), counting('test/other')]
  await once(embedder, question('rain'))
  await once(embedder, question('rain', 'umbrella'))
  await once(other, question('rain'))
  for (let time = 0; time < 2; time++) await once(other, { ...question('rain'), purpose: 'document' })
  expect(embedder.asked).toEqual(['rain', 'rain'])
  expect(other.asked).toEqual(['rain', 'rain', 'rain'])
})

it('forgets the question that was asked least lately, and remembers none that failed', async () => {
  const [once, embedder] = [rememberVectors(2), counting()]
  for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) await once(embedder, question(text))
  expect(embedder.asked).toEqual(['a', 'b', 'c', 'b'])
  const failing = { ...embedder, embed: () => Promise.reject(new Error('down')) }
  await expect(once(failing, question('d'))).rejects.toThrow('down')
  await once(embedder, question('d'))
  expect(embedder.asked.at(-1)).toBe('d')
})
