import { createHash } from 'node:crypto'
import { type ChatCompletionRequest, canonicalJson } from '@weft/contracts'

/** SHA-256 of what a request asks for, without how the answer is to be delivered (streamed, with progress, …), which may change when it is sent again. */
export function hashRequest({ stream: _stream, stream_options: _options, weft = {}, ...asked }: ChatCompletionRequest): string {
  const { progress: _progress, approval: _approval, background: _background, cancelOnDisconnect: _cancel, ...wished } = weft
  return createHash('sha256')
    .update(canonicalJson({ ...asked, weft: wished }))
    .digest('hex')
}
