import type { IngestErrorCode } from '../store/knowledge-types.ts'

/** Why a file cannot be indexed, each with the code of OpenAI's `last_error`. The codes are stable; messages name the place in the file and what to do. */
const fileRefusals = {
  empty: 'invalid_file',
  binary: 'unsupported_file',
  not_utf8: 'invalid_file',
  unsupported_type: 'unsupported_file',
  wrong_type: 'invalid_file',
  damaged_pdf: 'invalid_file',
  encrypted_pdf: 'invalid_file',
  damaged_document: 'invalid_file',
  encrypted_document: 'invalid_file',
  zip_bomb: 'unsupported_file',
  no_text: 'invalid_file',
  too_many_pages: 'unsupported_file',
  too_large: 'unsupported_file',
  too_slow: 'unsupported_file',
} as const satisfies Record<string, IngestErrorCode>

export type FileRefusalCode = keyof typeof fileRefusals

/** Thrown when a file is refused for its content. Trying again with the same bytes cannot help. */
export class FileRefusal extends Error {
  readonly code: FileRefusalCode
  readonly isRetryable = false

  constructor(code: FileRefusalCode, message: string, more: { cause?: unknown } = {}) {
    super(message, more)
    this.name = 'FileRefusal'
    this.code = code
  }

  /** The code of OpenAI's `last_error` for this refusal. */
  get ingestCode(): IngestErrorCode {
    return fileRefusals[this.code]
  }
}
