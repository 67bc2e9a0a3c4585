import type { ServerResponse } from 'node:http'

/**
 * Writes text as one chunk of an answer whose headers have left, with a single write to the socket, for which node:http takes four and a tick of the event loop.
 * Returns false when the reader does not keep up; the socket emits `drain` once it does.
 */
export function writeChunk(response: ServerResponse, text: string): boolean {
  const { socket } = response
  // Left to node:http: an answer that has no socket yet, since an earlier one on its connection is not over; readers of HTTP/1.0, which know no chunks; and an
  // empty text, as an empty chunk would end the answer.
  if (socket?.writable !== true || !response.chunkedEncoding || text === '') return response.write(text)
  const bytes = Buffer.byteLength(text)
  // As many bytes as characters means that all of it is ASCII, which latin1 copies without encoding.
  return socket.write(`${bytes.toString(16)}\r\n${text}\r\n`, bytes === text.length ? 'latin1' : 'utf8')
}
