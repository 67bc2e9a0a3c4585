import { isTerminalTurn, type SessionEvent, type SessionView } from '@weft/contracts'
import OpenAI from 'openai'
import type { ClientContext } from './connect-mesh.ts'
import { drawTurn } from './draw-turn.ts'
import { fetchSession } from './export-session.ts'
import { createLiveBlock, type LiveBlock } from './live-block.ts'
import { readEvents } from './read-events.ts'
import { whatIsAsked } from './render-approval.ts'
import { renderSession } from './render-session.ts'

/** Drawn anew this often while nothing happens, so that running times move. */
const redrawMs = 1_000
/** A stream that ended early is opened again after this time. */
const againMs = 1_000

/**
 * Draws a session's newest turn until no turn is open: on a terminal the drawing changes in place, elsewhere each event is a line; at the end
 * the whole session is shown.
 */
export async function watchSession(
  id: string,
  { mesh, terminal }: ClientContext,
  block: LiveBlock = createLiveBlock(),
): Promise<void> {
  let session = await fetchSession(mesh.client, id)
  let afterSeq = block.isLive ? session.lastSeq : 0
  const draw = () => block.show(drawSession(session))
  const timer = block.isLive ? setInterval(draw, redrawMs) : undefined
  try {
    do {
      draw()
      for await (const event of untilLost(readEvents(mesh.client, id, afterSeq))) {
        afterSeq = event.seq
        if (!block.isLive) terminal.print(eventLine(event))
        else session = await fetchSession(mesh.client, id)
        draw()
      }
      session = await fetchSession(mesh.client, id)
    } while (session.turns.some(({ status }) => !isTerminalTurn(status)) && (await pause()))
  } finally {
    clearInterval(timer)
  }
  draw()
  for (const line of renderSession(session)) terminal.print(line)
}

/** A connection that breaks ends the events it told; those it did not are asked for again. */
async function* untilLost(events: AsyncIterable<SessionEvent>): AsyncGenerator<SessionEvent, void> {
  try {
    yield* events
  } catch (cause) {
    if (cause instanceof OpenAI.APIError) throw cause
  }
}

async function pause(): Promise<true> {
  await new Promise((resolve) => setTimeout(resolve, againMs))
  return true
}

function drawSession(session: SessionView): string[] {
  const turn = session.turns.at(-1)
  const head = `session ${session.id}: ${session.status}${session.isPaused === true ? ', paused' : ''}`
  if (turn === undefined) return [head]
  const { approvals = [] } = turn
  const pending = approvals.filter(({ status }) => status === 'pending')
  return [
    `${head}, turn ${turn.turn}`,
    ...drawTurn(turn, Date.now()),
    ...pending.map((approval) => `  weft approvals show ${approval.id}   (${whatIsAsked(approval)})`),
  ]
}

function eventLine({ seq, at, type, turn, stepId, message }: SessionEvent): string {
  const where = stepId === undefined ? `turn ${turn}` : `turn ${turn} ${stepId}`
  return `${String(seq).padStart(5)}  ${at}  ${type.padEnd(18)}  ${where}${typeof message === 'string' ? `: ${message}` : ''}`
}
