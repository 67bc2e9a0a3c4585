import { ChatMessage, PlannerAnswer, errorFromProblem, isMode, parseValue, WeftError, WorkflowPlan } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import type { Request, RequestHandler } from 'express'
import { z } from 'zod'
import { tenantOf } from '../http/request-context.ts'
import type { ReadableStores } from '../readable-stores.ts'
import { retryBriefly } from '../retry-briefly.ts'

export interface PlanDeps {
  sidecar: Pick<Sidecar, 'invoke'>
  stores: Pick<ReadableStores, 'resolve'>
}

/** What to plan: one question, or a whole conversation. */
export const PlanInput = z.strictObject({
  input: z.union([z.string().min(1).max(100_000), z.array(ChatMessage).min(1).max(2_000)]),
  mode: z.string().max(64).optional(),
  vectorStoreIds: z.array(z.string().max(64)).max(100).optional(),
})

/** `POST /v1/plan`: what would be done for an input, without doing it. */
export function createPlan({ sidecar, stores }: PlanDeps): RequestHandler {
  return async (request, response) => {
    const { input, mode, vectorStoreIds } = parseValue(PlanInput, request.body, 'the request')
    if (mode !== undefined && !isMode(mode))
      throw new WeftError('invalid_request', `there is no mode '${mode}'`, { param: 'mode' })
    const tenant = tenantOf(response)
    const messages = typeof input === 'string' ? [{ role: 'user', content: input }] : input
    const answer = await retryBriefly(async (signal) => {
      const body = {
        tenant,
        messages,
        vectorStoreIds: await stores.resolve(tenant, vectorStoreIds).catch(namingField),
        ...(mode === undefined ? {} : { mode }),
      }
      return sidecar.invoke('planner', '/plan', { body, schema: PlannerAnswer, signal })
    })
    response.json(answer)
  }
}

/** A refusal of stores names the field `weft.vectorStoreIds` of a chat request; here the field is `vectorStoreIds`. */
function namingField(cause: unknown): never {
  if (!(cause instanceof WeftError) || cause.param !== 'weft.vectorStoreIds') throw cause
  throw errorFromProblem({ ...cause.toProblem(), param: 'vectorStoreIds' })
}

/** `POST /v1/plan/validate`: the plan with its estimate, or its problems. */
export function validatePlan(deps: PlanDeps): RequestHandler {
  return async (request, response) => {
    response.json(await forward(deps, '/validate', request))
  }
}

/** `POST /v1/plan/optimize`: a plan that does the same work with less waiting. */
export function optimizePlan(deps: PlanDeps): RequestHandler {
  return async (request, response) => {
    response.json(await forward(deps, '/optimize', request))
  }
}

function forward({ sidecar }: PlanDeps, path: string, request: Request): Promise<PlannerAnswer> {
  const body = parsePlan(request.body)
  return retryBriefly((signal) => sidecar.invoke('planner', path, { body, schema: PlannerAnswer, signal }))
}

/** Reads a plan, sent as `{ plan }` or as the whole body. It first decides which of the two was sent, so that a refusal names the right field. */
function parsePlan(body: unknown): { plan: WorkflowPlan } {
  const isWrapped = typeof body === 'object' && body !== null && 'plan' in body
  return isWrapped
    ? parseValue(z.object({ plan: WorkflowPlan }), body, 'the request')
    : { plan: parseValue(WorkflowPlan, body, 'the plan') }
}
