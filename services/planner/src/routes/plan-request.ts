import { isMode, type Mode, PlannerRequest, WeftError } from '@weft/contracts'
import { handle } from '@weft/mesh'
import type { RequestHandler } from 'express'
import type { AgentCards } from '../agent-cards.ts'
import { planByRules } from '../core/plan-by-rules.ts'
import type { RunHistory } from '../run-history.ts'

/** `POST /plan`: a workflow for a conversation, a clarifying question, or what is missing. */
export function planRequest(cards: AgentCards, history: RunHistory): RequestHandler {
  return handle(PlannerRequest, async (request) => {
    const registry = await cards.registry()
    return planByRules(request, modeOf(request), { ...registry, runs: history.of(request.tenant) })
  })
}

function modeOf({ mode, model }: PlannerRequest): Mode {
  const name = mode ?? (model.startsWith('weft/') ? model.slice('weft/'.length) : 'auto')
  if (isMode(name)) return name
  throw new WeftError('model_not_found', `there is no mode "${name}": GET /v1/models lists them`, {
    param: mode === undefined ? 'model' : 'weft.mode',
  })
}
