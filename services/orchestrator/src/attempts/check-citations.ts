import { Citation, createPatience } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { findTurn } from '../core/find-turn.ts'
import type { SessionInput, SessionState } from '../core/session-state.ts'

/** Agents that compare each quote with the stored text before it leaves them. */
const comparing: ReadonlySet<string | undefined> = new Set(['rag', 'reasoning'])

const checkTimeoutMs = 10_000
/** What was killed on a busy machine is back by then. */
const patienceMs = 20_000

/**
 * Has what other agents cite compared with the stored text, before the session sees it: a quote that does not stand there, or cannot be looked up
 * within 20 s, is left out, and the answer says so.
 */
export async function checkCitations(
  sidecar: Pick<Sidecar, 'invoke'>,
  state: SessionState,
  input: SessionInput,
): Promise<SessionInput> {
  if (input.type !== 'outcome' || input.outcome.kind !== 'succeeded' || input.outcome.citations.length === 0) return input
  const turn = findTurn(state, input.turn)
  if (comparing.has(turn?.steps[input.stepId]?.agent)) return input
  const said = input.outcome.citations
  const citations = await findVerified(sidecar, state.tenant, said)
  const degraded = citations.length < said.length ? { degraded: ['unsupported_citation'] } : {}
  return { ...input, outcome: { ...input.outcome, citations, ...degraded } }
}

async function findVerified(sidecar: Pick<Sidecar, 'invoke'>, tenant: string, citations: Citation[]): Promise<Citation[]> {
  const look = () => {
    const signal = AbortSignal.timeout(checkTimeoutMs)
    return sidecar.invoke('rag', '/citations', { body: { tenant, citations }, schema: z.array(Citation), signal })
  }
  return createPatience(patienceMs)(look).catch(() => [])
}
