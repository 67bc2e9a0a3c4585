import { expect, it } from '@jest/globals'
import { createEmbedders } from './embedders.ts'

const settings = { WEFT_EMBEDDER: 'openai/own', WEFT_EMBEDDER_BASE_URL: 'http://127.0.0.1:9/v1' }

it('has no problem with the chosen model when another that is asked for cannot be had', async () => {
  const embedders = createEmbedders(settings)
  expect(embedders.chosen?.id).toBe('openai/own')
  expect(embedders.of('voyage/voyage-4')).toBeUndefined()
  expect(embedders.follow('voyage/voyage-4')).toBeUndefined()
  expect([embedders.problem, embedders.current()?.id]).toEqual([undefined, 'openai/own'])
  await embedders.stop()
})

it('says why the chosen model cannot be used', async () => {
  const embedders = createEmbedders({ WEFT_EMBEDDER: 'voyage/voyage-4' })
  expect([embedders.chosen, embedders.current()]).toEqual([undefined, undefined])
  expect(embedders.problem).toContain('VOYAGE_API_KEY')
  await embedders.stop()
})
