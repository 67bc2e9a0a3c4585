import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { ChaosMesh } from './chaos-mesh.ts'

export interface Reading {
  mesh: Pick<ChaosMesh, 'gateways' | 'apiKey'>
  random: () => number
  sessionId: string
  patienceMs: number
}

const retryMs = 100
const silenceMs = 15_000
const Event = z.looseObject({ seq: z.number(), type: z.string() })
type Event = z.infer<typeof Event>

/**
 * Reads a session's events while they come, each over a stream of its own that is cut after it and goes on at either gateway. Answers what was
 * wrong: an event that was missing or came again, or an end that never came.
 */
export async function readInPieces(reading: Reading): Promise<string | undefined> {
  let seq = 0
  for (const untilMs = Date.now() + reading.patienceMs; Date.now() < untilMs; ) {
    const event = await nextAfter(reading, seq).catch(() => undefined)
    if (event === undefined) {
      await sleep(retryMs)
      continue
    }
    if (event.seq !== seq + 1) return `after event ${seq} a cut stream went on with ${event.seq}`
    if (event.type === 'turn.completed') return undefined
    seq = event.seq
  }
  return `its cut stream of events did not get beyond ${seq}`
}

async function nextAfter({ mesh, random, sessionId }: Reading, seq: number): Promise<Event | undefined> {
  const gateway = mesh.gateways[Math.floor(random() * mesh.gateways.length)] ?? ''
  const cutting = new AbortController()
  const headers = { authorization: `Bearer ${mesh.apiKey}`, 'last-event-id': String(seq) }
  const signal = AbortSignal.any([cutting.signal, AbortSignal.timeout(silenceMs)])
  const response = await fetch(`${gateway}/v1/sessions/${sessionId}/events`, { headers, signal })
  try {
    let text = ''
    for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      text += chunk
      const [, data] = /^data: (\{.*\})\n/m.exec(text) ?? []
      if (data !== undefined) return Event.parse(JSON.parse(data))
    }
    return undefined
  } finally {
    cutting.abort()
  }
}
