import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { toWeftError } from '@weft/contracts'
import express from 'express'
import request from 'supertest'
import { receiveUpload } from './receive-upload.ts'

type Saved = { filename: string; purpose: string; text: string; expiresAfterS?: number }

let savesBegun: number
let saved: Saved[]
let failed: unknown[]
let server: Server

beforeEach(async () => {
  savesBegun = 0
  saved = []
  failed = []
  server = createServer(uploadApp({ fileBytesMax: 1_000 }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('an upload', () => {
  it('is taken whatever the order of its fields', async () => {
    await post().field('purpose', 'assistants').attach('file', Buffer.from('one'), 'a.md').expect(200)
    await post().attach('file', Buffer.from('two'), 'b.md').field('purpose', 'user_data').expect(200)
    expect(saved).toEqual([
      { filename: 'a.md', purpose: 'assistants', text: 'one' },
      { filename: 'b.md', purpose: 'user_data', text: 'two' },
    ])
  })

  it.each([0, 1, 2, 3])('may name its expiry wherever its %i. field stands', async (at) => {
    const parts = [...expiry('created_at', '7200'), field('purpose', 'assistants')]
    await postRaw(form(parts.toSpliced(at, 0, file({ text: 'x' })))).expect(200)
    expect(saved).toEqual([{ filename: 'a.md', purpose: 'assistants', text: 'x', expiresAfterS: 7_200 }])
  })

  it('keeps a name with folders and letters of any language', async () => {
    const body = form([file({ filename: '/notes/größe/潮.md', text: 'x' }), field('purpose', 'assistants')])
    await postRaw(body).expect(200)
    expect(saved[0]?.filename).toBe('notes/größe/潮.md')
  })

  it.each([
    { what: 'no purpose', parts: [file({ text: 'x' })], param: 'purpose', message: /'purpose' is required/ },
    {
      what: 'an unknown purpose',
      parts: [file({ text: 'x' }), field('purpose', 'fun')],
      param: 'purpose',
      message: /must be one of assistants, /,
    },
    { what: 'no file', parts: [field('purpose', 'assistants')], param: 'file', message: /'file' is required/ },
    {
      what: 'a file that is only a field',
      parts: [field('file', 'text'), field('purpose', 'assistants')],
      param: 'file',
      message: /must be sent as a file/,
    },
    {
      what: 'an empty file',
      parts: [file({ text: '' }), field('purpose', 'assistants')],
      param: 'file',
      message: /the file is empty/,
    },
    {
      what: 'two files',
      parts: [file({ text: 'x' }), file({ text: 'y' }), field('purpose', 'assistants')],
      param: 'file',
      message: /only one/,
    },
    {
      what: 'an expiry without its time',
      parts: [file({ text: 'x' }), field('purpose', 'assistants'), field('expires_after[anchor]', 'created_at')],
      param: 'expires_after.seconds',
      message: /number/,
    },
    {
      what: 'an expiry too soon',
      parts: [file({ text: 'x' }), field('purpose', 'assistants'), ...expiry('created_at', '3599')],
      param: 'expires_after.seconds',
      message: /3600/,
    },
    {
      what: 'an expiry that is not in decimal digits',
      parts: [file({ text: 'x' }), field('purpose', 'assistants'), ...expiry('created_at', '0x1000')],
      param: 'expires_after.seconds',
      message: /expected number, received string/,
    },
    {
      what: 'an expiry from another time',
      parts: [...expiry('last_active_at', '3600'), field('purpose', 'assistants'), file({ text: 'x' })],
      param: 'expires_after.anchor',
      message: /created_at/,
    },
  ])('with $what is refused, naming the field, and nothing is kept', async ({ parts, param, message }) => {
    const answer = await postRaw(form(parts)).expect(400)
    expect(answer.body).toMatchObject({ code: 'invalid_request', param, message: expect.stringMatching(message) })
    expect(saved).toEqual([])
  })

  it('that is not a form is refused', async () => {
    const answer = await post().send({ purpose: 'assistants' }).expect(400)
    expect(answer.body.message).toContain('multipart/form-data')
    await post().set('content-type', 'multipart/form-data').send('x').expect(400)
  })

  it('cut off in the middle of the form is refused and nothing is kept', async () => {
    const whole = form([file({ text: 'some text' }), field('purpose', 'assistants')])
    await postRaw(whole.slice(0, whole.indexOf('some text') + 4)).expect(400)
    await postRaw(whole.slice(0, -20)).expect(400)
    expect(saved).toEqual([])
  })

  it('takes a file of exactly the limit', async () => {
    await postRaw(form([file({ text: 'x'.repeat(1_000) }), field('purpose', 'assistants')])).expect(200)
    expect(saved[0]?.text).toHaveLength(1_000)
  })

  it('above the limit is refused with 413 and the limit', async () => {
    const answer = await postRaw(form([file({ text: 'x'.repeat(1_001) }), field('purpose', 'assistants')])).expect(413)
    expect(answer.body.message).toContain('1000 bytes')
    expect(saved).toEqual([])
  })

  it('far above the limit is refused by its announced length, before it is read', async () => {
    const answer = await postRaw(form([file({ text: 'x'.repeat(200_000) }), field('purpose', 'assistants')])).expect(413)
    expect(answer.body.message).toContain('1000 bytes')
    expect(failed).toEqual([])
  })

  it('whose client goes away leaves nothing', async () => {
    const { port } = addressOf(server)
    const client = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/files', headers: multipart() })
    client.on('error', () => undefined)
    client.write(
      `--${boundary}\r\n${field('purpose', 'assistants')}--${boundary}\r\n${file({ text: 'half of it' }).slice(0, -2)}`,
    )
    await until(() => savesBegun > 0)
    client.destroy()
    await until(() => failed.length > 0)
    expect(saved).toEqual([])
  })
})

/** Saves like a store: reads to the end, asks the purpose last, keeps nothing of what throws. */
function uploadApp({ fileBytesMax }: { fileBytesMax: number }) {
  const app = express()
  app.use(express.json())
  app.post('/files', async (req, res) => {
    try {
      const file = await receiveUpload(req, {
        fileBytesMax,
        save: async ({ filename, content, purpose, expiresAfterS: expiry }) => {
          savesBegun += 1
          const pieces: Uint8Array[] = []
          try {
            for await (const piece of content) pieces.push(piece)
          } catch (error) {
            failed.push(error)
            throw error
          }
          const bytes = Buffer.concat(pieces)
          const expiresAfterS = expiry()
          const expires = expiresAfterS === undefined ? {} : { expiresAfterS }
          saved.push({ filename, purpose: purpose(), text: bytes.toString(), ...expires })
          return {
            id: 'file_1',
            filename,
            bytes: bytes.length,
            purpose: purpose(),
            contentHash: '',
            createdAt: new Date(0),
            expiresAt: null,
          }
        },
      })
      res.json({ id: file.id })
    } catch (error) {
      const problem = toWeftError(error)
      res.status(problem.status).json(problem.toProblem())
    }
  })
  return app
}

const boundary = 'weft-test-boundary'

function multipart() {
  return { 'content-type': `multipart/form-data; boundary=${boundary}` }
}

function field(name: string, value: string): string {
  return `content-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
}

/** As published clients send it. */
function expiry(anchor: string, seconds: string): string[] {
  return [field('expires_after[anchor]', anchor), field('expires_after[seconds]', seconds)]
}

function file({ filename = 'a.md', text }: { filename?: string; text: string }): string {
  return `content-disposition: form-data; name="file"; filename="${filename}"\r\ncontent-type: text/plain\r\n\r\n${text}\r\n`
}

function form(parts: string[]): string {
  return `${parts.map((part) => `--${boundary}\r\n${part}`).join('')}--${boundary}--\r\n`
}

function post() {
  return request(server).post('/files')
}

function postRaw(body: string) {
  return post().set(multipart()).send(body)
}

function addressOf(listening: Server): AddressInfo {
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(10)
}
