import { ModelError } from '../model-error.ts'
import { fetchKept } from './fetch-kept.ts'

/** The largest event of a stream: far above any piece of text, with room for an image. */
export const eventBytesMax = 8_388_608
/** The largest answer that is not streamed. */
export const wholeBytesMax = 33_554_432

export function tooLarge(provider: string, what: string, bytesMax: number): ModelError {
  return new ModelError('upstream_error', `${provider} sent ${what} of more than ${bytesMax} bytes`, { isRetryable: true })
}

/** Decodes bytes piece by piece. Throws ModelError for bytes that are not UTF-8, instead of putting replacement characters into an answer. */
function createUtf8Decoder(provider: string): (bytes?: Uint8Array) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return (bytes) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch (cause) {
      throw invalidUtf8(provider, cause)
    }
  }
}

const wholeDecoder = new TextDecoder('utf-8', { fatal: true })

/** Decodes whole bytes. Throws ModelError when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, provider: string): string {
  try {
    return wholeDecoder.decode(bytes)
  } catch (cause) {
    throw invalidUtf8(provider, cause)
  }
}

function invalidUtf8(provider: string, cause: unknown): ModelError {
  return new ModelError('upstream_error', `${provider} sent text that is not valid UTF-8`, { isRetryable: true, cause })
}

/** `fetch` for a provider's SDK that ends the answer with a ModelError when a line gets too long, or bytes are not UTF-8. */
export function boundedFetch(provider: string): typeof fetch {
  return async (input, init) => {
    const response = await fetchKept(input, init)
    if (response.body === null) return response
    const { status, statusText, headers } = response
    return new Response(response.body.pipeThrough(boundLines(provider)), { status, statusText, headers })
  }
}

const lineFeed = 0x0a

function boundLines(provider: string): TransformStream<Uint8Array, Uint8Array> {
  const decode = createUtf8Decoder(provider)
  let lineBytes = 0
  return new TransformStream({
    transform(bytes, controller) {
      const end = bytes.lastIndexOf(lineFeed)
      lineBytes = end < 0 ? lineBytes + bytes.length : bytes.length - end - 1
      if (lineBytes > eventBytesMax) throw tooLarge(provider, 'an event', eventBytesMax)
      decode(bytes)
      controller.enqueue(bytes)
    },
  })
}
