import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { vectorOfWords } from './vector-of-words.ts'

/**
 * `node bench/instant-embedder/main.ts`: a server of OpenAI's embeddings that answers at once. `GET ?containing=<text>` tells how many texts
 * that contain this it was given, and how many different ones. Prints its base URL; ends with whoever started it.
 */
const Request = z.object({ input: z.union([z.string(), z.array(z.string())]), encoding_format: z.string().optional() })
/** How often each text was given. */
const given = new Map<string, number>()

const server = createServer(async (request, response) => {
  const body = request.method === 'GET' ? count(request.url ?? '') : embed(Request.parse(await json(request)))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : address}/v1`)
})
process.stdin.resume().on('end', () => process.exit(0))

function count(path: string) {
  const part = new URL(path, 'http://127.0.0.1').searchParams.get('containing') ?? ''
  const counts = [...given].flatMap(([text, times]) => (text.includes(part) ? [times] : []))
  return { texts: counts.reduce((sum, times) => sum + times, 0), different: counts.length }
}

function embed({ input, encoding_format: format }: z.infer<typeof Request>) {
  const asked = typeof input === 'string' ? [input] : input
  for (const text of asked) given.set(text, (given.get(text) ?? 0) + 1)
  const data = asked.map((text, index) => {
    const vector = vectorOfWords(text)
    return {
      object: 'embedding',
      index,
      embedding: format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector],
    }
  })
  return { object: 'list', data, model: 'words', usage: { prompt_tokens: asked.length, total_tokens: asked.length } }
}
