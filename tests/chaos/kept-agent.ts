// An agent on Weft's own side of the agent contract, whose effects are counted: it keeps results and joins running work as every agent of the mesh
// does, and dies at the same crash points around the effect and around keeping its result. Argument: the file of effects.
import { appendFileSync } from 'node:fs'
import {
  armCrashPoints,
  createInternalApp,
  createKeptResults,
  createSidecar,
  type Execute,
  listen,
  serveAgent,
  startServiceTelemetry,
} from '@weft/mesh'
import { faultSettings, readFaults } from '@weft/settings'
import { actCapability, stepUsd } from './act-capability.ts'

const { APP_PORT, DAPR_HTTP_PORT, DAPR_API_TOKEN = '', APP_API_TOKEN = '' } = process.env
const [sink = ''] = process.argv.slice(2)

const card = { id: 'kept', version: '1', description: 'Has effects.', capabilities: [actCapability] }

const execute: Execute = async ({ stepId }, emit, { idempotencyKey, tenant }) => {
  appendFileSync(sink, `${idempotencyKey.slice(tenant.length + 1)}\n`)
  emit({ type: 'usage', model: 'chaos', inputTokens: 1, outputTokens: 1, costUsd: stepUsd, measured: true })
  emit({ type: 'result', output: { text: `did ${stepId}` }, citations: [], confidence: 1 })
}

const faults = readFaults(faultSettings.parse(process.env))
if (faults !== undefined) armCrashPoints(faults)
const sidecar = createSidecar({ httpPort: Number(DAPR_HTTP_PORT), apiToken: DAPR_API_TOKEN })
const telemetry = await startServiceTelemetry('kept', { WEFT_INSTANCE: '0', WEFT_LOG_LEVEL: 'warn' })
const results = createKeptResults(sidecar)
const app = createInternalApp({
  telemetry,
  appToken: APP_API_TOKEN,
  checks: [],
  routes: (internal) => internal.use(serveAgent({ card, execute, results })),
})
await listen(app, { port: Number(APP_PORT) })
