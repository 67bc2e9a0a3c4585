import { openDatabase } from '@weft/database'
import { createModels } from '../../create-models.ts'
import { openLedger } from '../open-ledger.ts'
import { createPostgresCalls } from '../postgres-calls.ts'

/**
 * A gateway that calls a model `from` to `to`, sixteen at a time, and tells each that has begun; every fifth of the streams is left in its middle. Its
 * test kills it. Arguments: journal folder, database, upstream, from, to.
 */
const [, , folder = '', databaseUrl = '', upstream = '', from = '0', to = '0'] = process.argv
const logger = { info: () => undefined, warn: () => undefined }
const database = openDatabase({ urls: [databaseUrl], poolSize: 2 })
const ledger = openLedger({ folder, service: 'traffic', calls: createPostgresCalls(database), logger })
const settings = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream }
const models = createModels({
  settings,
  telemetry: { logger },
  controls: { ledger, unpriced: () => ({ inputUsd: 1, outputUsd: 2 }) },
})
ledger.start()

let next = Number(from)
await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (let n = next++; n < Number(to); n = next++) {
      await call(n).catch(() => undefined)
      process.stdout.write('.')
    }
  }),
)
await models.stop()
await ledger.stop()
await database.stop()

async function call(n: number): Promise<void> {
  const user = `call-${n}`
  const body = {
    model: 'openai/test-model',
    user,
    stream: n % 2 === 1,
    messages: [{ role: 'user', content: 'x'.repeat(20 + (n % 50)) }],
  }
  const answer = await models.passThrough(body, { scope: { tenant: 'traffic', user, agent: 'gateway' } })
  if (answer.kind === 'body') return
  const isLeft = n % 5 === 0
  for await (const _ of answer.chunks) if (isLeft) break
}
