import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type ClientRequest, createUnitReader } from './postgres-messages.ts'

const startup = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0])
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const cancelRequest = Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2])

function message(type: string, payload = ''): Buffer {
  const bytes = Buffer.alloc(5 + payload.length)
  bytes.write(type)
  bytes.writeInt32BE(4 + payload.length, 1)
  bytes.write(payload, 5)
  return bytes
}

function read(pieces: Buffer[], unitBytesMax = 10_000): ClientRequest[] {
  const reader = createUnitReader(unitBytesMax)
  return pieces.flatMap((piece) => reader(piece))
}

const texts = (requests: ClientRequest[]) =>
  requests.map((request) => (request.kind === 'unit' ? Buffer.from(request.bytes).toString('hex') : request.kind))

describe('createUnitReader', () => {
  const parameterised = [message('P', 'select $1'), message('B', 'x'), message('D'), message('E'), message('S')]

  it('keeps the messages of one parameterised statement together', () => {
    const requests = read([startup, ...parameterised, message('Q', 'select 1')])
    expect(texts(requests)).toEqual(
      [startup, Buffer.concat(parameterised), message('Q', 'select 1')].map((bytes) => bytes.toString('hex')),
    )
  })

  it('cuts the same units however the bytes arrive', () => {
    const stream = Buffer.concat([sslRequest, startup, ...parameterised, message('Q', 'a'.repeat(300)), ...parameterised])
    const whole = texts(read([stream]))
    expect(whole).toHaveLength(5)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 40 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
        const pieces = places.slice(1).map((end, index) => stream.subarray(places[index], end))
        expect(texts(read(pieces))).toEqual(whole)
      }),
    )
  })

  it('marks a unit ended by Flush as one that goes on', () => {
    expect(read([startup, message('P', 'select 1'), message('H')]).at(-1)).toMatchObject({ kind: 'unit', isOpen: true })
  })

  it('refuses encryption and goes on with the startup that follows', () => {
    expect(read([sslRequest, startup]).map((request) => request.kind)).toEqual(['refuse_encryption', 'unit'])
  })

  it('closes on a cancel request, on terminate and on what is no PostgreSQL client', () => {
    expect(read([cancelRequest])).toEqual([{ kind: 'close' }])
    expect(read([startup, message('X')]).at(-1)).toEqual({ kind: 'close' })
    expect(read([Buffer.from('GET / HTTP/1.1\r\n\r\n')])).toEqual([{ kind: 'close' }])
    expect(read([startup, Buffer.from([81, 0, 0, 0, 1])]).at(-1)).toEqual({ kind: 'close' })
  })

  it('refuses a statement larger than its bound before it is complete', () => {
    expect(() => read([startup, message('Q', 'a'.repeat(600)).subarray(0, 500)], 400)).toThrow(RangeError)
  })
})
