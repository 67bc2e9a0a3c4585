// Dapr Workflow beside a sidecar of the same mesh (`weft agent run`), its state in the same Redis.
import { DaprWorkflowClient, WorkflowRuntime } from '@dapr/dapr'
import { doStep, servePeer } from './serve-peer.mjs'

const { APP_PORT, DAPR_GRPC_PORT, DAPR_API_TOKEN } = process.env
const sidecar = { daprHost: '127.0.0.1', daprPort: DAPR_GRPC_PORT, daprApiToken: DAPR_API_TOKEN }
const act = async (_ctx, step) => doStep(step)
async function* work(ctx, { chain = 1, fanOut = 0, ...step }) {
  const plain = { ...step, delayMs: undefined }
  if (fanOut > 0) {
    yield ctx.callActivity(act, plain)
    yield ctx.whenAll(Array.from({ length: fanOut }, () => ctx.callActivity(act, step)))
    yield ctx.callActivity(act, plain)
    return
  }
  for (let n = 0; n < chain; n += 1) yield ctx.callActivity(act, step)
}

const runtime = new WorkflowRuntime(sidecar)
runtime.registerWorkflow(work).registerActivity(act)
await runtime.start()
const client = new DaprWorkflowClient(sidecar)

const capability = { name: 'none', description: 'None.', inputSchema: {}, outputSchema: {}, effects: 'none' }
const card = { id: 'dapr-workflow', version: '1', description: 'Another engine.', capabilities: [capability] }
servePeer(
  async (shape) => {
    const id = await client.scheduleNewWorkflow(work, shape)
    const state = await client.waitForWorkflowCompletion(id, false, 60)
    if (state?.runtimeStatus !== 1) throw new Error(`the workflow ended ${state?.runtimeStatus}`)
  },
  { port: Number(APP_PORT), routes: { '/card': card }, endsWithParent: false },
)
