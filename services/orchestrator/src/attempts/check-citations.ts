import { Citation, createPatience, isRecord, type UnverifiedSentences } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { findTurn } from '../core/find-turn.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'
import { textOfOutput } from '../core/text-of-output.ts'
import { type Unsupported, withoutUnsupported } from './without-unsupported.ts'

/** Weft's own agents compare each quote with the stored text themselves before they answer. */
const selfCheckingAgents: ReadonlySet<string | undefined> = new Set(['rag', 'reasoning'])

export interface HeldText {
  agent: string
  /** Whether its answer may have citations. */
  mayCite: boolean
  unverified?: UnverifiedSentences | undefined
}

/** What of an agent's streamed text has to wait until its citations are checked (see {@link checkCitations}). */
export function heldOf({ agent, mayCite, unverified = 'keep' }: HeldText): 'nothing' | 'markers' | 'everything' {
  if (selfCheckingAgents.has(agent) || !mayCite) return 'nothing'
  return unverified === 'drop' ? 'everything' : 'markers'
}

const checkTimeoutMs = 10_000
/** An agent `rag` that was killed is back by then, also on a busy machine. */
const patienceMs = 20_000

/**
 * Compares what other agents cite with the stored text before the session sees it. A quote that is not found there, or cannot be looked up within 20 s, is
 * left out together with its marker, and the answer says so. A sentence that then has no citation is marked or left out if the request so wishes.
 */
export async function checkCitations(
  sidecar: Pick<Sidecar, 'invoke'>,
  state: SessionState,
  input: SessionInput,
): Promise<SessionInput> {
  if (input.type !== 'outcome' || input.outcome.kind !== 'succeeded' || input.outcome.citations.length === 0) return input
  const turn = findTurn(state, input.turn)
  if (selfCheckingAgents.has(turn?.steps[input.stepId]?.agent)) return input
  const said = input.outcome.citations
  const citations = await findVerified(sidecar, state.tenant, said)
  if (citations.length === said.length) return { ...input, outcome: { ...input.outcome, citations } }
  const supported = new Set(citations.map(({ index }) => index))
  const numbers = new Set(said.map(({ index }) => index).filter((index) => !supported.has(index)))
  const { unverified = 'keep' } = turn?.request.options ?? {}
  const { output, changed } = withoutMarkers(input.outcome.output, { numbers, unverified })
  const degraded = [
    'unsupported_citation',
    ...(changed === 0 ? [] : [`unverified_${unverified === 'drop' ? 'dropped' : 'marked'}`]),
  ]
  return { ...input, outcome: { ...input.outcome, output, citations, degraded } }
}

/** Only of an output that is read as text: what else one holds is the agent's own. */
function withoutMarkers(output: unknown, unsupported: Unsupported): { output: unknown; changed: number } {
  const isText = typeof output === 'string'
  if (!isText && !(isRecord(output) && typeof output.text === 'string')) return { output, changed: 0 }
  const { text, changed } = withoutUnsupported(textOfOutput(output), unsupported)
  const said = text.trim() === '' ? nothingLeft : text
  return { output: isText ? said : { ...output, text: said }, changed }
}

const nothingLeft = 'Nothing of this answer could be verified.'

async function findVerified(sidecar: Pick<Sidecar, 'invoke'>, tenant: string, citations: Citation[]): Promise<Citation[]> {
  const look = () => {
    const signal = AbortSignal.timeout(checkTimeoutMs)
    return sidecar.invoke('rag', '/citations', { body: { tenant, citations }, schema: z.array(Citation), signal })
  }
  return createPatience(patienceMs)(look).catch(() => [])
}
