import { FileRefusal } from './file-refusal.ts'
import type { ParsedFile } from './parse-file.ts'

/**
 * Lets a vision model read the text in an image, on the tenant's account. `mime` is image/png, image/jpeg, image/gif or image/webp. Answers Markdown, which is empty
 * when there is no text. The reader of the file throws what this throws, so that a model that does not answer is tried again later. After `signal` has aborted, nobody
 * waits for the answer.
 */
export type ReadImageText = (image: { bytes: Uint8Array; mime: string; tenant: string }, signal: AbortSignal) => Promise<string>

type Patience = { timeoutMs: number; signal: AbortSignal | undefined }

/** Reads an image. Throws FileRefusal `no_text`, or `too_slow` when the model does not answer within `timeoutMs`. Stops waiting when `signal` aborts. */
export async function readImage(read: (signal: AbortSignal) => Promise<string>, patience: Patience): Promise<ParsedFile> {
  const text = (await withinPatience(read, patience)).trim().toWellFormed().replaceAll('\u0000', '\ufffd')
  if (text === '') throw new FileRefusal('no_text', 'The model sees no text in the image.')
  return { text, kind: 'image' }
}

async function withinPatience(read: (signal: AbortSignal) => Promise<string>, { timeoutMs, signal }: Patience): Promise<string> {
  const control = new AbortController()
  const tooSlow = new FileRefusal('too_slow', `Reading the image took longer than ${timeoutMs / 1_000} s.`)
  const timer = setTimeout(() => control.abort(tooSlow), timeoutMs)
  const end = signal === undefined ? control.signal : AbortSignal.any([control.signal, signal])
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  end.addEventListener('abort', () => reject(end.reason))
  read(end).then(resolve, reject)
  return promise.finally(() => clearTimeout(timer))
}
