import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { isNativeError } from 'node:util/types'
import { parseJson } from '@weft/contracts'
import OpenAI from 'openai'
import { z } from 'zod'
import type { FingerprintedFile } from './fingerprint-file.ts'
import { postStream } from './post-stream.ts'
import { reasonOf } from './walk-paths.ts'

/** Thrown when a file no longer has the content of its fingerprint. What was sent of it was dropped. */
export class FileChangedError extends Error {
  readonly code = 'file_changed'
  readonly isRetryable = false

  constructor(path: string, reason: string, options: { cause?: unknown } = {}) {
    super(`${path}: ${reason}`, options)
    this.name = 'FileChangedError'
  }
}

const UploadedFile = z.object({ id: z.string() })

/**
 * Sends a file piece by piece from the disk, with a key that makes it one file however often it is sent, and answers its id. The form is only completed when the bytes
 * were those of the fingerprint, so that the server never stores half a file or another version. Throws FileChangedError, or the client library's errors.
 *
 * The client library's own `files.create` is not used, because it holds the whole file in memory, and cuts the path to its last segment, although a citation of
 * `README.md` says too little.
 */
export async function uploadFile(client: OpenAI, file: FingerprintedFile, key: string): Promise<string> {
  const boundary = `weft-${randomUUID()}`
  let changed: FileChangedError | undefined
  const body = encodeForm(file, boundary, (error) => {
    changed = error
  })
  const headers = {
    authorization: `Bearer ${client.apiKey}`,
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'idempotency-key': key,
  }
  const answer = await postStream(new URL(`${client.baseURL}/files`), { headers, body }).catch((cause: unknown) => {
    throw changed ?? new OpenAI.APIConnectionError({ message: reasonOf(cause), cause: isNativeError(cause) ? cause : undefined })
  })
  if (answer.status === 200) return parseJson(UploadedFile, answer.text, 'the answer to an upload').id
  throw OpenAI.APIError.generate(answer.status, errorBody(answer.text), undefined, answer.headers)
}

const ErrorBody = z.looseObject({ error: z.looseObject({ message: z.string() }) })

function errorBody(text: string): z.infer<typeof ErrorBody> {
  try {
    return parseJson(ErrorBody, text, 'the error')
  } catch {
    return { error: { message: text.slice(0, 500) } }
  }
}

async function* encodeForm(file: FingerprintedFile, boundary: string, onChanged: (error: FileChangedError) => void) {
  try {
    yield Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n` +
        `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${escapeName(file.path)}"\r\n` +
        'content-type: application/octet-stream\r\n\r\n',
    )
    yield* readVerified(file)
    yield Buffer.from(`\r\n--${boundary}--\r\n`)
  } catch (error) {
    const reason = error instanceof FileChangedError ? error : new FileChangedError(file.path, reasonOf(error), { cause: error })
    onChanged(reason)
    throw reason
  }
}

async function* readVerified(file: FingerprintedFile): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file.absolutePath, { end: file.sizeBytes - 1, highWaterMark: 262_144 })) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== file.sha256) throw new FileChangedError(file.path, 'changed while it was uploaded')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a header may hold none, a file's name may
const escapedInNames = /["\u0000-\u001f\u007f]/g

/**
 * Escapes what the name of a file in a form must not have (HTML, multipart form data: quotes and ends of lines), and everything else that no header may have.
 */
function escapeName(name: string): string {
  return name.replace(escapedInNames, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
