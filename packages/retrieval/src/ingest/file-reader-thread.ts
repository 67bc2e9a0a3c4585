import { parentPort } from 'node:worker_threads'
import { isOutlinerSpent } from '../code/outline-code.ts'
import { FileRefusal } from '../parse/file-refusal.ts'
import { type ReadAnswer, type ReadJob, readNow } from './file-reader.ts'

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
