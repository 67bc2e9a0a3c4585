import { FileRefusal } from './file-refusal.ts'
import type { ParsedFile } from './parse-file.ts'

/**
 * Has the text in an image read by a model that sees, on the tenant's account; `mime` is image/png, image/jpeg, image/gif or image/webp. Answers
 * Markdown, empty when there is no text. What it throws is thrown by the reader as it is, so that a model that is not reachable is tried again later.
 */
export type ReadImageText = (image: { bytes: Uint8Array; mime: string; tenant: string }) => Promise<string>

type Patience = { timeoutMs: number; signal: AbortSignal | undefined }

/** Throws FileRefusal `no_text`, or `too_slow` for a model that does not answer within `timeoutMs`; stops waiting when `signal` aborts. */
export async function readImage(reading: Promise<string>, { timeoutMs, signal }: Patience): Promise<ParsedFile> {
  const text = (await withinPatience(reading, { timeoutMs, signal })).trim().toWellFormed().replaceAll('\u0000', '\ufffd')
  if (text === '') throw new FileRefusal('no_text', 'The model sees no text in the image.')
  return { text, kind: 'image' }
}

function withinPatience(reading: Promise<string>, { timeoutMs, signal }: Patience): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const tooSlow = new FileRefusal('too_slow', `Reading the image took longer than ${timeoutMs / 1_000} s.`)
  const timer = setTimeout(() => reject(tooSlow), timeoutMs)
  const onAbort = () => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  reading.then(resolve, reject)
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  })
}
