import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createFileReader, type FileReader } from './file-reader.ts'

const auto = { type: 'auto' } as const
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
let reader: FileReader

afterEach(() => reader.stop())

describe('createFileReader', () => {
  it('answers the same for a text on the spot and on a thread', async () => {
    reader = createFileReader()
    const small = 'A sentence. '.repeat(100)
    const large = 'A sentence. '.repeat(20_000)
    const spot = await reader.read({ file: textFile(small), chunking: auto })
    const thread = await reader.read({ file: textFile(large), chunking: auto })
    expect(spot).toMatchObject({ text: small, kind: 'text' })
    expect(thread).toMatchObject({ text: large, kind: 'text' })
    expect([spot.chunks.length, thread.chunks.length]).toEqual([1, expect.any(Number)])
    expect(thread.chunks.length).toBeGreaterThan(80)
    expect(await reader.read({ parsed: { text: large, kind: 'text' }, chunking: auto })).toEqual(thread)
  })

  it('reads a plain text of a hundred kilobytes on the spot, and starts no thread for it', async () => {
    reader = createFileReader()
    let turns = 0
    setImmediate(() => {
      turns += 1
    })
    const { chunks } = await reader.read({ file: textFile('A sentence. '.repeat(8_000)), chunking: auto })
    expect([chunks.length > 50, turns]).toEqual([true, 0])
  })

  it('hands a large text over in pieces that are whole characters, and its chunks batch by batch, the same as all at once', async () => {
    reader = createFileReader()
    const text = `\ufeffa${'😀 \ufeffé, a sentence of it. '.repeat(60_000)}`
    const job = () => ({ file: textFile(`\ufeff${text}`), chunking: auto })
    const whole = await reader.read(job())
    expect(whole.text).toBe(text)
    const opened = await reader.open(job())
    if (!opened.isLarge) throw new Error('not large')
    const pieces: string[] = []
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    for await (const piece of opened.file.text()) pieces.push(decoder.decode(piece))
    expect([pieces.join(''), pieces.length > 3]).toEqual([text, true])
    const batches = []
    for await (const batch of opened.file.chunks()) batches.push(batch)
    expect([batches.flat(), batches.length > 3]).toEqual([whole.chunks, true])
    expect(opened.file).toMatchObject({ kind: 'text', textBytes: Buffer.byteLength(text) })
    await opened.file.close()
  })

  it('lets large files in one at a time, and small ones at any', async () => {
    reader = createFileReader()
    const large = 100_000_000
    const leaveFirst = await reader.enter(large)
    const entered: string[] = []
    const second = reader.enter(large).then((leave) => {
      entered.push('second')
      return leave
    })
    await (await reader.enter(1_000))()
    expect(entered).toEqual([])
    leaveFirst()
    ;(await second)()
    await (await reader.enter(large))()
  })

  it('brings refusals over from the thread, and goes on', async () => {
    reader = createFileReader()
    const broken = Buffer.concat([Buffer.alloc(199_996, 'x'), Buffer.from('üü'), Buffer.from([0xff])])
    const refused = () => reader.read({ file: { filename: 'a.txt', bytes: Buffer.from(broken) }, chunking: auto })
    await expect(refused()).rejects.toMatchObject({
      name: 'FileRefusal',
      code: 'not_utf8',
      message: expect.stringContaining('offset 200000'),
    })
    await expect(refused()).rejects.toMatchObject({ code: 'not_utf8' })
  })

  it('cuts code by its grammar, also a text that was parsed before', async () => {
    reader = createFileReader()
    const text = `class A {\n${['f', 'g'].map((name) => `  ${name}() {\n${'    call()\n'.repeat(90)}  }\n`).join('')}}\n`
    const read = await reader.read({ file: { filename: 'a.js', bytes: new TextEncoder().encode(text) }, chunking: auto })
    expect(read.chunks.map(({ heading }) => heading)).toEqual(['A.f', 'A.g'])
    expect(await reader.read({ parsed: { text, kind: 'code' }, filename: 'a.js', chunking: auto })).toEqual(read)
  })

  it('has a model read the text in an image, by what the image is and not by its name', async () => {
    const seen: [bytes: number, mime: string, tenant: string][] = []
    reader = createFileReader({
      async readImageText({ bytes, mime, tenant }) {
        seen.push([bytes.length, mime, tenant])
        return mime === 'image/webp' ? ' \n' : '# Sign\n\nNo entry 😀.\u0000'
      },
    })
    const read = (filename: string, bytes: Uint8Array) =>
      reader.read({ file: { filename, bytes, tenant: 'acme' }, chunking: auto })
    expect(await read('a.txt', png)).toMatchObject({
      text: '# Sign\n\nNo entry 😀.\ufffd',
      kind: 'image',
      chunks: [{ heading: 'Sign', start: 0, end: 20 }],
    })
    await expect(read('a.png', Buffer.from('RIFF0000WEBP'))).rejects.toMatchObject({ code: 'no_text' })
    await expect(read('b.jpg', Buffer.from('no image'))).rejects.toMatchObject({ code: 'wrong_type' })
    expect(seen).toEqual([
      [png.length, 'image/png', 'acme'],
      [12, 'image/webp', 'acme'],
    ])
  })

  it('refuses an image where no model sees, naming the setting, and one that the model does not answer for', async () => {
    reader = createFileReader()
    const image = { file: { filename: 'a.png', bytes: png, tenant: 'acme' }, chunking: auto }
    await expect(reader.read(image)).rejects.toMatchObject({
      code: 'unsupported_type',
      message: expect.stringMatching(/an image.*WEFT_VISION_MODEL/),
    })
    const told: AbortSignal[] = []
    const readImageText = (_: unknown, signal: AbortSignal) => {
      told.push(signal)
      return new Promise<never>(() => undefined)
    }
    const never = createFileReader({ timeoutMs: 20, readImageText })
    await expect(never.read(image)).rejects.toMatchObject({ code: 'too_slow' })
    await expect(never.read(image, AbortSignal.timeout(1))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(told.map(({ aborted }) => aborted)).toEqual([true, true])
    const broken = createFileReader({ readImageText: () => Promise.reject(new Error('no model there')) })
    await expect(broken.read(image)).rejects.toThrow('no model there')
  })

  it('keeps the event loop free while it reads', async () => {
    reader = createFileReader()
    const reading = reader.read({ file: textFile('A sentence about it. '.repeat(500_000)), chunking: auto })
    let turns = 0
    let isDone = false
    const done = reading.finally(() => {
      isDone = true
    })
    while (!isDone) {
      await sleep(1)
      turns += 1
    }
    expect((await done).chunks.length).toBeGreaterThan(5_000)
    // Read on this thread, it would take its one turn and be done.
    expect(turns).toBeGreaterThan(10)
  })

  it('ends a file that takes too long, and one nobody waits for any more', async () => {
    reader = createFileReader({ timeoutMs: 100 })
    const html = '<a>'.repeat(200_000) + '</b>'.repeat(3_000_000)
    const slow = () => ({ filename: 'a.html', bytes: new TextEncoder().encode(html) })
    await expect(reader.read({ file: slow(), chunking: auto })).rejects.toMatchObject({ code: 'too_slow' })
    const reading = reader.read({ file: slow(), chunking: auto }, AbortSignal.timeout(20))
    await expect(reading).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

function textFile(text: string) {
  return { filename: 'a.txt', bytes: new TextEncoder().encode(text) }
}
