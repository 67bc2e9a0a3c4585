import type { ServerResponse } from 'node:http'

/**
 * Writes text into an answer whose headers have been written, as one chunk in one piece: node:http takes four writes and a tick of the event loop
 * for it. False when the reader does not keep up; then the socket drains.
 */
export function writeChunk(response: ServerResponse, text: string): boolean {
  const { socket } = response
  // Without a socket an earlier answer on the same connection is not over yet; readers of HTTP/1.0 know no chunks; an empty one would be the last.
  if (socket?.writable !== true || !response.chunkedEncoding || text === '') return response.write(text)
  const bytes = Buffer.byteLength(text)
  // As many bytes as characters: all of it is ASCII, which is copied as it is.
  return socket.write(`${bytes.toString(16)}\r\n${text}\r\n`, bytes === text.length ? 'latin1' : 'utf8')
}
