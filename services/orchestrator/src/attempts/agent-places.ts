import { createFairPlaces, type FairPlaces, type Place } from '@weft/mesh'
import type { StepRequest } from '../core/execute-request.ts'
import { sessionLimits } from '../core/session-limits.ts'

/** Places at agents: of each capability as many attempts of this host are under way at once as the agent's card says. */
export interface AgentPlaces {
  /**
   * A place at the request's agent, as soon as there is one: tenants take turns, and of one tenant the turn that was accepted first comes first, so that turns
   * end one after the other, and not all at the end. Rejects with `dependency_unavailable` when there is none for 10 minutes, with `timeout` when `signal` aborts.
   */
  enter(request: StepRequest, signal: AbortSignal): Place | Promise<Place>
  waitingCount(): number
}

/** Enough for an agent that waits for models, too few to fill the memory of one that computes. */
const maxConcurrencyDefault = 256

interface Line {
  placesMax: number
  places: FairPlaces
}

/** `attemptsMax`: as many as the host runs at all may wait. */
export function createAgentPlaces(options: {
  maxConcurrencyOf(agent: string, capability: string): number | undefined
  attemptsMax: number
}): AgentPlaces {
  const { maxConcurrencyOf, attemptsMax } = options
  const lines = new Map<string, Line>()

  /** A changed card counts for attempts that come from now on. */
  function lineAt(agent: string, capability: string): Line {
    const key = `${agent}/${capability}`
    const placesMax = maxConcurrencyOf(agent, capability) ?? maxConcurrencyDefault
    const known = lines.get(key)
    if (known?.placesMax === placesMax) return known
    const waiting = {
      waitMsMax: sessionLimits.attemptWaitMsMax,
      waitingPerTenantMax: attemptsMax,
      waitingMax: attemptsMax,
    }
    const of = `agent "${agent}"`
    const line = { placesMax, places: createFairPlaces({ of, placesMax, quantum: 1, reservedShare: 0, ...waiting }) }
    lines.set(key, line)
    return line
  }

  return {
    enter({ agent, turnAcceptedAtMs, body }, signal) {
      const tenant = body.context?.tenant ?? ''
      return lineAt(agent, body.capability).places.enter({ tenant, cost: 1, rank: turnAcceptedAtMs, signal })
    },
    waitingCount: () => Array.from(lines.values(), ({ places }) => places.counts().waiting).reduce((sum, each) => sum + each, 0),
  }
}
