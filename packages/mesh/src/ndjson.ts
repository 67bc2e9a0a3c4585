import { agentLimits, WeftError } from '@weft/contracts'

/**
 * The lines of a byte stream, without their line breaks; empty lines are left out. UTF-8 sequences may be split over chunks.
 * Throws `upstream_error` when the bytes are not UTF-8, and, not retryable, on a line over 4 MiB or a stream over 32 MiB.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let pending = ''
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.byteLength
    if (bytes > agentLimits.streamBytesMax) throw tooLarge(`the stream is larger than ${agentLimits.streamBytesMax} bytes`)
    pending += decode(decoder, chunk)
    let lineEnd = pending.indexOf('\n')
    while (lineEnd >= 0) {
      const line = requireShort(pending.slice(0, lineEnd)).trim()
      pending = pending.slice(lineEnd + 1)
      if (line !== '') yield line
      lineEnd = pending.indexOf('\n')
    }
    requireShort(pending)
  }
  const last = `${pending}${decode(decoder)}`.trim()
  if (last !== '') yield last
}

function requireShort(line: string): string {
  if (line.length <= agentLimits.lineBytesMax) return line
  throw tooLarge(`a line is longer than ${agentLimits.lineBytesMax} characters`)
}

/** Without a chunk the stream is over, and its last character has to be whole. */
function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch (cause) {
    throw new WeftError('upstream_error', 'the stream is not valid UTF-8', { cause, isRetryable: true })
  }
}

function tooLarge(message: string): WeftError {
  return new WeftError('upstream_error', message)
}
