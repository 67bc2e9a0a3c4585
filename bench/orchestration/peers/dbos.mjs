// DBOS Transact on PostgreSQL: every step's result is a row.
import { DBOS } from '@dbos-inc/dbos-sdk'
import { doStep, servePeer } from './serve-peer.mjs'

DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: process.argv[2],
  systemDatabasePoolSize: 20,
  logLevel: 'error',
  runAdminServer: false,
})
const run = DBOS.registerWorkflow(
  async ({ chain = 1, fanOut = 0, ...step }) => {
    const plain = { ...step, delayMs: undefined }
    if (fanOut > 0) {
      await DBOS.runStep(() => doStep(plain), { name: 'first' })
      await Promise.all(Array.from({ length: fanOut }, (_, n) => DBOS.runStep(() => doStep(step), { name: `m${n}` })))
      await DBOS.runStep(() => doStep(plain), { name: 'last' })
      return
    }
    for (let n = 0; n < chain; n += 1) await DBOS.runStep(() => doStep(step), { name: `s${n}` })
  },
  { name: 'run' },
)
await DBOS.launch()
servePeer(run, { stop: () => DBOS.shutdown() })
