import { AgentCard, parseValue, readJsonSchema, toWeftError, WeftError, WorkflowStep } from '@weft/contracts'
import { isSilence, isUnanswered, type Sidecar } from '@weft/mesh'
import type { RequestHandler, Response } from 'express'
import { z } from 'zod'
import { agentsMax } from '../../agents/agent-store.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import { requireOperator } from '../../core/tenant.ts'
import { actorOf, tenantOf } from '../../http/request-context.ts'
import { agentObject } from './agent-object.ts'

export interface RegisterAgentDeps {
  audit: Pick<AuditLog, 'act'>
  sidecar: Pick<Sidecar, 'fetchFrom'>
}

/** The app ids of the mesh's own services, which no other program may take. */
export const builtInApps: ReadonlySet<string> = new Set(['gateway', 'planner', 'orchestrator', 'reasoning', 'rag', 'session'])

export const RegisterAgent = z.strictObject({
  appId: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'a lower case letter, then letters, digits and "-", 63 characters at most')
    .refine((id) => !builtInApps.has(id), 'this is a part of the mesh itself'),
})

/** A sidecar that knows the app from before may take some seconds until it reaches it at its new address; nothing is heard until then. */
const cardReadsMax = 4
const cardTimeoutMs = 5_000

/** `POST /v1/agents {appId}`: reads the card of a program that runs beside a sidecar of this mesh. From then on plans may use it. */
export function registerAgent({ audit, sidecar }: RegisterAgentDeps): RequestHandler {
  return async (request, response) => {
    requireAgentsOperator(response)
    const { appId } = parseValue(RegisterAgent, request.body ?? {}, 'the request')
    const card = await readCard(appId, () =>
      sidecar.fetchFrom(appId, '/card', { schema: z.unknown(), signal: AbortSignal.timeout(cardTimeoutMs) }),
    )
    const joined = await audit.act(actorOf(response), async ({ agents }, note) => {
      const known = await agents.list()
      if (known.length >= agentsMax && !known.some(({ id }) => id === appId)) {
        throw new WeftError('conflict', `the mesh has ${known.length} agents, the most it can have: remove one first`)
      }
      note({ action: 'agent.joined', target: appId, details: { version: card.version } })
      return agents.put(card)
    })
    response.json(agentObject(joined))
  }
}

/** Agents serve all tenants, so only the operator of the mesh manages them. */
export function requireAgentsOperator(response: Response): void {
  requireOperator(tenantOf(response), 'agents are managed')
}

async function readCard(appId: string, fetchCard: () => Promise<unknown>): Promise<AgentCard> {
  const card = await fetchPatiently(fetchCard).catch((thrown: unknown) => {
    throw unusable(`app "${appId}" answers no card at GET /card: ${whyUnread(thrown)}`)
  })
  const read = parseCard(card, appId)
  const nameless = read.capabilities.find(({ name }) => !WorkflowStep.shape.capability.safeParse(name).success)
  if (nameless !== undefined) {
    const why = 'which no plan could name: use letters, digits, "_", "." and "-"'
    throw unusable(`the card of "${appId}" has a capability "${nameless.name}", ${why}`)
  }
  requireSchemas(read)
  if (read.id === appId) return read
  throw unusable(`the card of "${appId}" says that it is "${read.id}": both have to be the same`)
}

function unusable(message: string): WeftError {
  return new WeftError('unprocessable_content', message, { param: 'appId' })
}

/** The sidecar's own words name addresses of the mesh, and not what to do. */
function whyUnread(thrown: unknown): string {
  if (isSilence(thrown)) return `it is silent for ${cardTimeoutMs / 1_000} s`
  if (!isUnanswered(thrown)) return toWeftError(thrown).message
  return 'no program of that id runs beside a sidecar of this mesh, or it does not listen on its port yet (npx weft agent run starts both)'
}

/** What a schema asks for would otherwise not be looked at, and nobody would hear of it. */
function requireSchemas({ id, capabilities }: AgentCard): void {
  for (const capability of capabilities) {
    for (const field of ['inputSchema', 'outputSchema'] as const) {
      const reading = readJsonSchema(capability[field])
      if (reading.kind !== 'unreadable') continue
      const which = `the ${field} of "${capability.name}" in the card of "${id}"`
      throw unusable(`${which} cannot be checked: ${reading.why}; change it, or give {}, which takes anything`)
    }
  }
}

async function fetchPatiently(fetchCard: () => Promise<unknown>): Promise<unknown> {
  for (let reads = 1; ; reads += 1) {
    try {
      return await fetchCard()
    } catch (thrown) {
      if (!isSilence(thrown) || reads >= cardReadsMax) throw thrown
    }
  }
}

/** Parses a card. A problem with it is reported as one of the app that the request names, and not as a bad field of the request. */
function parseCard(card: unknown, appId: string): AgentCard {
  try {
    return parseValue(AgentCard, card, `the card of "${appId}" is not one`)
  } catch (thrown) {
    throw unusable(toWeftError(thrown).message)
  }
}
