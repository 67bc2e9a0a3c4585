import { expect, it } from '@jest/globals'
import { startTelemetry } from '@weft/telemetry'
import { accountEmbeddings, accountLocally } from './account-embeddings.ts'

const id = 'local/all-MiniLM-L6-v2'
const model = { embed: async () => ({ vectors: [[Float32Array.of(1)]], inputTokens: 11 }) }
const text = { texts: ['rain'], purpose: 'document' as const }

it('tokens of the mesh’s own model are counted by who asks for a tenant, and not again by who makes the vectors for another service', async () => {
  const telemetry = await startTelemetry({ serviceName: 'models-test', serviceVersion: '0', instanceId: '0', logLevel: 'error' })
  const made = accountLocally(accountEmbeddings(id), model)
  const asking = accountLocally(accountEmbeddings(id), { embed: ({ texts, purpose }) => made.embed({ texts, purpose }) })
  const answer = await asking.embed({ ...text, tenant: 'acme', scope: { tenant: 'acme', agent: 'gateway' } })
  expect(answer.inputTokens).toBe(11)
  const lines = (await telemetry.metricsText()).split('\n')
  const counted = lines.filter((line) => /^gen_ai_client_token_usage_(sum|count).*token_type="input"/.test(line))
  expect(counted.map((line) => line.split(' ').at(-1))).toEqual(['1', '11'])
  await telemetry.stop()
})
