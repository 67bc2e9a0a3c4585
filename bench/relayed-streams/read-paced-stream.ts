import type { Dispatcher } from 'undici'

export interface PacedTarget {
  dispatcher: Dispatcher
  path: string
  headers: Record<string, string>
  model: string
}

export interface StreamTimes {
  /** From sending the request to the first text. */
  firstMs: number
  /** Of each chunk, from when the model wrote it. */
  lagsMs: number[]
}

/** `paced-model` sends the time as its text. */
const sentAt = /"content":"(\d[\d.]*) "/g

/** Reads a stream with so little work that a client of many does not become what is measured. Throws unless every chunk came. */
export async function readPacedStream(target: PacedTarget, chunks: number): Promise<StreamTimes> {
  const startMs = now()
  const response = await target.dispatcher.request({
    method: 'POST',
    path: target.path,
    headers: { 'content-type': 'application/json', ...target.headers },
    body: JSON.stringify({ model: target.model, stream: true, messages: [{ role: 'user', content: 'Go on.' }] }),
  })
  if (response.statusCode !== 200) throw new Error(`${target.model}: ${response.statusCode} ${await response.body.text()}`)
  const lagsMs: number[] = []
  let firstMs = Number.NaN
  let open = ''
  let isDone = false
  response.body.setEncoding('utf8')
  for await (const piece of response.body) {
    const atMs = now()
    open += piece
    const end = open.lastIndexOf('\n\n') + 2
    const whole = open.slice(0, end)
    open = open.slice(end)
    for (const [, sentMs] of whole.matchAll(sentAt)) lagsMs.push(atMs - Number(sentMs))
    if (Number.isNaN(firstMs) && lagsMs.length > 0) firstMs = atMs - startMs
    isDone ||= whole.includes('data: [DONE]')
  }
  if (!isDone || lagsMs.length !== chunks) throw new Error(`${target.model}: ${lagsMs.length} of ${chunks} chunks came`)
  return { firstMs, lagsMs }
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
