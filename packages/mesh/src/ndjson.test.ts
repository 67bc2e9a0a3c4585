import { describe, expect, it } from '@jest/globals'
import { agentLimits } from '@weft/contracts'
import { readLines } from './ndjson.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** The lines of chunks that are made only when they are asked for, or what is kept of each. */
async function linesOf(chunks: Iterable<Uint8Array>, keep = (line: string): unknown => line): Promise<unknown[]> {
  async function* stream() {
    yield* chunks
  }
  const kept: unknown[] = []
  for await (const line of readLines(stream())) kept.push(keep(line))
  return kept
}

const lengthsOf = (chunks: Iterable<Uint8Array>) => linesOf(chunks, (line) => line.length)

describe('lines of a stream', () => {
  it('are the same wherever the stream is cut, inside a character too, and however it ends', async () => {
    const bytes = bytesOf('{"a":"Grüße 💡"}\r\n\n  \n{"b":2}')
    const lines = ['{"a":"Grüße 💡"}', '{"b":2}']
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(await linesOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(lines)
    }
    expect(await linesOf([bytes, bytesOf('\n')])).toEqual(lines)
  })

  it('may fill the limit of a stream, and not one byte more', async () => {
    const line = bytesOf(`${'x'.repeat(agentLimits.lineBytesMax - 1)}\n`)
    function* full() {
      for (let bytes = 0; bytes < agentLimits.streamBytesMax; bytes += line.length) yield line
    }
    const tooLarge = { code: 'upstream_error', message: 'the stream is larger than 33554432 bytes' }
    expect(await lengthsOf(full())).toEqual(Array(8).fill(4_194_303))
    await expect(lengthsOf([...full(), bytesOf('\n')])).rejects.toMatchObject(tooLarge)
    await expect(lengthsOf([new Uint8Array(agentLimits.streamBytesMax + 1)])).rejects.toMatchObject(tooLarge)
  })

  const longest = 'x'.repeat(agentLimits.lineBytesMax)
  it.each([
    ['never ends', [`${longest}x`]],
    ['comes with its end', [`${longest}x\n`]],
    ['comes in pieces', [longest, 'x\n']],
  ])('are refused when one that %s is longer than 4 MiB', async (_how, chunks) => {
    const tooLong = { code: 'upstream_error', message: 'a line is longer than 4194304 characters' }
    await expect(lengthsOf(chunks.map(bytesOf))).rejects.toMatchObject(tooLong)
    expect(await lengthsOf([bytesOf(`${longest}\n`)])).toEqual([4_194_304])
  })

  it.each([
    ['holds a byte that begins no character', [0x78, 0xff, 0x0a]],
    ['ends inside a character', [0x78, 0xc3]],
  ])('are refused when the stream %s', async (_how, bytes) => {
    const notUtf8 = { code: 'upstream_error', message: 'the stream is not valid UTF-8' }
    await expect(linesOf([Uint8Array.from(bytes)])).rejects.toMatchObject(notUtf8)
  })
})
