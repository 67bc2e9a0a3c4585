import { parentPort } from 'node:worker_threads'
import { type ReadAnswer, type ReadJob, readNow } from './file-reader.ts'
import { FileRefusal } from './file-refusal.ts'
import { isOutlinerSpent } from './outline-code.ts'

parentPort?.on('message', async (job: ReadJob) => parentPort?.postMessage(await answer(job)))

async function answer(job: ReadJob): Promise<ReadAnswer> {
  try {
    const file = await readNow(job)
    return { isRead: true, file, isSpent: isOutlinerSpent() }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return {
      isRead: false,
      isSpent: isOutlinerSpent(),
      refusal: thrown instanceof FileRefusal ? thrown.code : undefined,
      message,
    }
  }
}
