// The workflow of temporal.mjs, bundled by its worker into the sandbox that workflows run in.
import { proxyActivities } from '@temporalio/workflow'

const { doStep } = proxyActivities({ startToCloseTimeout: '1 minute' })

export async function work({ chain = 1, fanOut = 0, ...step }) {
  const plain = { ...step, delayMs: undefined }
  if (fanOut > 0) {
    await doStep(plain)
    await Promise.all(Array.from({ length: fanOut }, () => doStep(step)))
    await doStep(plain)
    return
  }
  for (let n = 0; n < chain; n += 1) await doStep(step)
}
