import type { ServerResponse } from 'node:http'
import { type Handler, setHeaders } from '../http/handler.ts'
import { identityOf } from '../http/request-context.ts'
import { whenClosed } from '../http/when-closed.ts'
import { estimateCost } from './core/estimate-cost.ts'
import type { CallLimiter, Ticket } from './limit-calls.ts'

const tickets = new WeakMap<object, Ticket>()

/** Lets a request pass that its key's and its tenant's limits have room for, and says in headers what is left of them. */
export function limitCalls(limiter: Pick<CallLimiter, 'admit' | 'headers'>): Handler {
  return (request, response, next) => {
    const identity = identityOf(response)
    const pass = (ticket: Ticket) => {
      tickets.set(response, ticket)
      setHeaders(response, ticket.headers())
      whenClosed(response, ticket.close)
      if (!response.destroyed) next()
    }
    const refuse = (thrown: unknown) => {
      setHeaders(response, limiter.headers(identity))
      next(thrown)
    }
    try {
      const admitted = limiter.admit({ identity, tokens: () => estimateCost(request.body) })
      if (admitted instanceof Promise) admitted.then(pass, refuse)
      else pass(admitted)
    } catch (thrown) {
      refuse(thrown)
    }
  }
}

interface UsedTokens {
  inputTokens: number
  outputTokens: number
}

/** What several calls have used, added up. */
export interface TokenTally {
  add(used: UsedTokens | undefined): void
  total: UsedTokens
}

export function createTokenTally(): TokenTally {
  const total = { inputTokens: 0, outputTokens: 0 }
  return {
    total,
    add(used) {
      total.inputTokens += used?.inputTokens ?? 0
      total.outputTokens += used?.outputTokens ?? 0
    },
  }
}

/** Tells the limits how many tokens a request has used; undefined where that is not known, and then the estimate stands. Only the first call counts. */
export function settleTokens(response: ServerResponse, used: UsedTokens | undefined): void {
  tickets.get(response)?.settle(used && used.inputTokens + used.outputTokens)
}
