// Temporal: its server on PostgreSQL beside one worker, whose activities are the steps.
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { doStep, servePeer } from './serve-peer.mjs'
import { startTemporalServer } from './temporal-server.mjs'

const [programs, database, visibility, ...ports] = process.argv.slice(2)
const server = await startTemporalServer({ programs, databases: { database, visibility }, ports: ports.map(Number) })
const namespace = 'bench'
const taskQueue = 'work'
const connection = await Connection.connect({ address: server.address })
const day = { seconds: 86_400 }
await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: day })

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: server.address }),
  namespace,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('temporal-workflow.mjs', import.meta.url)),
  activities: { doStep },
})
const working = worker.run()
const client = new Client({ connection, namespace })

servePeer(async (shape) => client.workflow.execute('work', { taskQueue, workflowId: randomUUID(), args: [shape] }), {
  async stop() {
    worker.shutdown()
    await working
    await server.stop()
  },
})
