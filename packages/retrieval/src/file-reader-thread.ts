import { parentPort } from 'node:worker_threads'
import { type ReadAnswer, type ReadJob, readNow } from './file-reader.ts'
import { FileRefusal } from './file-refusal.ts'

parentPort?.on('message', async (job: ReadJob) => parentPort?.postMessage(await answer(job)))

async function answer(job: ReadJob): Promise<ReadAnswer> {
  try {
    return { isRead: true, file: await readNow(job) }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return { isRead: false, refusal: thrown instanceof FileRefusal ? thrown.code : undefined, message }
  }
}
