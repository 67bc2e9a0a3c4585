import { expect, it } from '@jest/globals'
import { type CallOptions, createModels } from '@weft/models'
import { startOpenAiServer } from '@weft/models/testing'
import { createImageReader } from './read-image-text.ts'

it('has the model that is set read an image, on the account of the tenant that added it, until nobody waits any more', async () => {
  const openai = await startOpenAiServer({ reply: { kind: 'text', chunks: ['# Sign\n\n', 'No entry.'] } })
  const settings = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: openai.url }
  const models = createModels({ settings, telemetry: { logger: { info: () => undefined } } })
  const calls: CallOptions[] = []
  const read = createImageReader(
    {
      complete(request, call) {
        calls.push(call)
        return models.complete(request, call)
      },
    },
    'openai/test-model',
  )
  const { signal } = new AbortController()
  expect(await read?.({ bytes: Buffer.from([1, 2, 3]), mime: 'image/png', tenant: 'acme' }, signal)).toBe('# Sign\n\nNo entry.')
  expect(calls).toEqual([{ scope: { tenant: 'acme', agent: 'rag' }, signal }])
  expect(openai.refusals).toEqual([])
  expect(openai.requests[0]?.body).toMatchObject({
    model: 'test-model',
    messages: [{ content: [{ type: 'text' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } }] }],
  })
  await models.stop()
  await openai.stop()
})

it('is not there without a model', () => {
  const complete = () => Promise.reject(new Error('nobody is asked'))
  expect(createImageReader({ complete }, undefined)).toBeUndefined()
})
