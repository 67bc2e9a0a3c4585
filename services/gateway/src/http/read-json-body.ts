import { isUtf8 } from 'node:buffer'
import { isTooDeep, jsonDepthMax, parseJson, WeftError } from '@weft/contracts'
import express from 'express'
import { z } from 'zod'
import { type ApiRequest, type Handler, pathOf } from './handler.ts'
import { notWhole, readBytes, tooLarge } from './read-bytes.ts'

/** Room for a long conversation with images inside; files have their own endpoint. */
export const bodyBytesMax = 8_388_608

const Anything = z.unknown()

const jsonType = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i

/**
 * Parses JSON bodies into `request.body`; other types of body are refused. Uploads (`multipart/form-data` to `/v1/files`) pass unread.
 * Throws `unsupported_media_type`, `payload_too_large` or `invalid_request`.
 */
export function readJsonBody(): Handler[] {
  const readPacked = express.raw({ type: () => true, limit: bodyBytesMax, inflate: true })
  return [
    (request, response, next) => {
      const type = request.headers['content-type']
      const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
      if (!hasBody || isUpload(request, type)) {
        next()
        return
      }
      if (type === undefined || !jsonType.test(type)) {
        throw new WeftError(
          'unsupported_media_type',
          `send the body as application/json${type === undefined ? '' : `, not ${type.slice(0, 100)}`}`,
        )
      }
      if (request.headers['content-encoding'] !== undefined) {
        readPacked(request, response, (thrown?: unknown) => next(thrown === undefined ? undefined : packedError(request, thrown)))
        return
      }
      const pass = (bytes: Uint8Array) => {
        request.body = bytes
        next()
      }
      readBytes(request, bodyBytesMax).then(pass, next)
    },
    (request, _response, next) => {
      if (request.body instanceof Uint8Array) request.body = parseBody(request.body)
      next()
    },
  ]
}

/** The refusal for a compressed body that could not be read. Errors that express gives no type come from unpacking. */
function packedError({ headers }: ApiRequest, thrown: unknown): unknown {
  const refusal = bodyError(thrown)
  if (refusal instanceof WeftError) return refusal
  return new WeftError('invalid_request', `the request body is not valid ${headers['content-encoding']?.slice(0, 100)}`, {
    cause: thrown,
  })
}

function isUpload(request: ApiRequest, type: string | undefined): boolean {
  return request.method === 'POST' && pathOf(request) === '/v1/files' && /^multipart\/form-data\s*(?:;|$)/i.test(type ?? '')
}

function parseBody(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new WeftError('invalid_request', 'the request body is not valid UTF-8')
  if (isTooDeep(bytes)) throw new WeftError('invalid_request', `the request body nests deeper than ${jsonDepthMax} levels`)
  return parseJson(Anything, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), 'the request body')
}

/** Translates what express itself refuses while it reads a body to WeftError; anything else is returned as it is. */
export function bodyError(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null || !('type' in thrown) || typeof thrown.type !== 'string') return thrown
  switch (thrown.type) {
    case 'entity.too.large':
      return tooLarge(bodyBytesMax)
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new WeftError('unsupported_media_type', 'the encoding of the request body is not supported', { cause: thrown })
    case 'request.aborted':
    case 'request.size.invalid':
    case 'stream.encoding.set':
      return notWhole(thrown)
    default:
      return thrown
  }
}
