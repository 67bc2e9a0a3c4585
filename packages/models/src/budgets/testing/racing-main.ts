import { createInterface } from 'node:readline'
import { openDatabase } from '@weft/database'
import { createModels } from '../../create-models.ts'
import { openLedger } from '../../ledger/open-ledger.ts'
import { createPostgresCalls } from '../../ledger/postgres-calls.ts'
import { startBudgets } from '../start-budgets.ts'

/**
 * A process that spends, as a gateway does: with ledger, budgets and models. Each line `race <calls>` of its input makes so many calls at once;
 * each call that ends is told in a line. Arguments: database URL, URL of the models' server, folder of journals.
 */
const [, , databaseUrl = '', modelsUrl = '', folder = ''] = process.argv
const logger = { info: () => undefined, warn: () => undefined }
const database = openDatabase({ urls: [databaseUrl], poolSize: 2 })
const ledger = openLedger({ folder, service: 'racing', calls: createPostgresCalls(database), logger })
const budgets = startBudgets({ database, logger, leaseMs: 2_000 })
const models = createModels({
  settings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: modelsUrl },
  telemetry: { logger },
  controls: { budgets: budgets.gate, ledger },
})
ledger.start()

async function call(): Promise<void> {
  const body = { model: 'openai/gpt-6-luna', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1_000 }
  const outcome = await models.passThrough(body, { scope: { tenant: 'acme', agent: 'gateway' } }).then(
    () => 'paid',
    (thrown: unknown) => (thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'failed'),
  )
  process.stdout.write(`${outcome}\n`)
}

const lines = createInterface({ input: process.stdin })
process.stdout.write('ready\n')
for await (const line of lines) {
  const calls = Number(line.replace('race ', ''))
  for (let n = 0; n < calls; n += 1) void call()
}
await Promise.all([ledger.stop(), budgets.stop()])
await models.stop()
await database.stop()
