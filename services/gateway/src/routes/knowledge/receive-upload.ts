import type { Readable } from 'node:stream'
import { errorMessage, WeftError } from '@weft/contracts'
import type { StoredFile } from '@weft/retrieval'
import busboy from 'busboy'
import type { Request } from 'express'
import { fileLabel } from './file-label.ts'
import { FileExpiry } from './request-schemas.ts'

export type IncomingFile = {
  filename: string
  /** Ends only when the whole form was read and is valid, and throws otherwise, so that nothing of a bad upload is kept. */
  content: AsyncIterable<Uint8Array>
  /** Only known when `content` has ended, because a form may have the purpose after the bytes. */
  purpose: () => string
  /** Seconds after the upload at which the file expires. Only known when `content` has ended. */
  expiresAfterS: () => number | undefined
  signal: AbortSignal
}

export type UploadOptions = { fileBytesMax: number; save: (file: IncomingFile) => Promise<StoredFile> }

/** OpenAI's purposes; Weft treats them alike. */
const purposes = new Set(['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'])

const formLimits = { fields: 16, fieldSize: 4_096, fieldNameSize: 128, parts: 20, headerPairs: 20 } as const

/** How many bytes a form may have besides its file. A longer body is refused before it is read. */
const formOverheadBytesMax = 65_536

/**
 * Reads a multipart form with one `file` and its `purpose`, in either order, and passes the bytes to `save` as they arrive. Throws `invalid_request` naming the
 * wrong field, or `payload_too_large` naming the limit.
 */
export async function receiveUpload(request: Request, { fileBytesMax, save }: UploadOptions): Promise<StoredFile> {
  const parser = createParser(request, fileBytesMax)
  const abort = new AbortController()
  const form: Form = {
    fileBytesMax,
    purpose: undefined,
    expiry: undefined,
    problem: undefined,
    ended: formEnd(request, parser, abort),
  }
  // The error reaches whoever awaits `ended`. A form that fails before its file has nobody who does, which must not count as an unhandled rejection.
  form.ended.catch(() => undefined)
  const saved = new Promise<StoredFile | undefined>((resolve, reject) => {
    let hasFile = false
    parser.on('file', (name, stream, { filename }) => {
      stream.on('error', () => undefined)
      if (name !== 'file' || hasFile) {
        refuse(form, name === 'file' ? "only one 'file' can be sent" : `'${name}' cannot be a file`, name)
        stream.resume()
        return
      }
      hasFile = true
      const told = { purpose: () => requirePurpose(form), expiresAfterS: () => readExpiry(form), signal: abort.signal }
      save({ filename: fileLabel(filename ?? ''), content: contentOf(stream, form), ...told }).then(resolve, reject)
    })
    parser.on('field', (name, value) => readField(form, name, value))
    form.ended.then(() => hasFile || resolve(undefined), reject)
  })
  request.pipe(parser)
  try {
    const file = await saved
    if (file === undefined) throw form.problem ?? new WeftError('invalid_request', "'file' is required", { param: 'file' })
    return file
  } catch (error) {
    throw form.problem ?? error
  } finally {
    // The rest of a refused body is read and dropped, because a client that is still sending would not read the answer.
    request.unpipe(parser)
    request.resume()
  }
}

type Form = {
  fileBytesMax: number
  purpose: string | undefined
  /** The fields `expires_after[…]`, by what stands in the brackets. */
  expiry: Record<string, string> | undefined
  problem: WeftError | undefined
  ended: Promise<void>
}

function createParser(request: Request, fileBytesMax: number): busboy.Busboy {
  if (Number(request.headers['content-length'] ?? 0) > fileBytesMax + formOverheadBytesMax) throw tooLarge(fileBytesMax)
  try {
    const limits = { ...formLimits, files: 2, fileSize: fileBytesMax + 1 }
    return busboy({ headers: request.headers, limits, defParamCharset: 'utf8', preservePath: true })
  } catch (cause) {
    throw new WeftError('invalid_request', "send multipart/form-data with the fields 'file' and 'purpose'", { cause })
  }
}

function formEnd(request: Request, parser: busboy.Busboy, abort: AbortController): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.once('close', resolve)
    parser.once('error', (cause) =>
      reject(new WeftError('invalid_request', `the form cannot be read: ${errorMessage(cause)}`, { cause })),
    )
    request.once('close', () => {
      if (request.complete) return
      const error = new WeftError('invalid_request', 'the upload ended before it was complete')
      abort.abort(error)
      parser.destroy()
      reject(error)
    })
  })
}

async function* contentOf(stream: Readable, form: Form): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes > form.fileBytesMax) {
      form.problem ??= tooLarge(form.fileBytesMax)
      throw form.problem
    }
    yield chunk
  }
  if (bytes === 0) throw refuse(form, 'the file is empty', 'file')
  await form.ended
  requirePurpose(form)
  readExpiry(form)
  if (form.problem !== undefined) throw form.problem
}

function readField(form: Form, name: string, value: string): void {
  if (name === 'file') refuse(form, "'file' must be sent as a file, with a file name", 'file')
  if (name.startsWith('expires_after')) form.expiry = { ...form.expiry, [/\[(\w*)\]/.exec(name)?.[1] ?? name]: value }
  if (name !== 'purpose') return
  if (purposes.has(value)) form.purpose = value
  else refuse(form, `'purpose' must be one of ${[...purposes].join(', ')}`, 'purpose')
}

function requirePurpose(form: Form): string {
  if (form.purpose === undefined) throw refuse(form, "'purpose' is required (assistants)", 'purpose')
  return form.purpose
}

function readExpiry(form: Form): number | undefined {
  if (form.expiry === undefined) return undefined
  const { data, error } = FileExpiry.safeParse({ ...form.expiry, seconds: wholeNumber(form.expiry.seconds) })
  if (data !== undefined) return data.seconds
  const [problem] = error.issues
  const param = ['expires_after', ...(problem?.path ?? [])].join('.')
  throw refuse(form, `'${param}': ${problem?.message}`, param)
}

/** A field that is not written in decimal digits stays the text it is. */
function wholeNumber(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : text
}

/** Notes a problem of the form, unless it already has one: the first problem is the one that the client is told. */
function refuse(form: Form, message: string, param: string): WeftError {
  form.problem ??= new WeftError('invalid_request', message, { param })
  return form.problem
}

function tooLarge(fileBytesMax: number): WeftError {
  return new WeftError('payload_too_large', `the file is larger than ${fileBytesMax} bytes (${fileBytesMax / 1_048_576} MiB)`, {
    param: 'file',
  })
}
