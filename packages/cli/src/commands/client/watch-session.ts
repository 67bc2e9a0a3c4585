import { isTerminalTurn, type SessionEvent, type SessionView } from '@weft/contracts'
import OpenAI from 'openai'
import type { ClientContext } from './connect-mesh.ts'
import { drawTurn } from './draw-turn.ts'
import { fetchSession } from './export-session.ts'
import { createLiveBlock, type LiveBlock } from './live-block.ts'
import { readEvents } from './read-events.ts'
import { whatIsAsked } from './render-approval.ts'
import { renderSession } from './render-session.ts'

/** How often the drawing is renewed while nothing happens, so that the shown times go on. */
const redrawMs = 1_000
/** After how long a stream that ended early is opened again. */
const againMs = 1_000

/**
 * Shows a session's newest turn until no turn is open: on a terminal as a drawing that changes in place, elsewhere as a line for each event. Then shows the
 * whole session.
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

/** Ends the events, without an error, when the connection breaks: the caller then asks for the rest again. */
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
