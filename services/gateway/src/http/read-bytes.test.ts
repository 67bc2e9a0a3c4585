import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { readBytes } from './read-bytes.ts'

function requestOf(pieces: string[]): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  for (const piece of pieces) request.push(Buffer.from(piece))
  return request
}

describe('a body', () => {
  it('is put together from the pieces it comes in', async () => {
    const request = requestOf(['{"a":', '1}'])
    request.push(null)
    expect(Buffer.from(await readBytes(request, 100)).toString()).toBe('{"a":1}')
  })

  it('is refused when it is larger than allowed, once it has been read to its end', async () => {
    const request = requestOf(['x'.repeat(60), 'x'.repeat(41)])
    request.push(null)
    await expect(readBytes(request, 100)).rejects.toMatchObject({ code: 'payload_too_large' })
    expect(request.readableEnded).toBe(true)
  })

  it('is refused when its sender leaves before its end', async () => {
    const request = requestOf(['{"a":'])
    const reading = readBytes(request, 100)
    request.destroy()
    await expect(reading).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('did not arrive whole'),
    })
  })
})
