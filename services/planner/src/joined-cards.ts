import { AgentCard, WeftError } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

export interface JoinedCards {
  /**
   * The cards of the agents that joined; as they were last known while the gateway cannot be asked. `isFresh`: asks it now, and throws
   * `dependency_unavailable` when it does not answer within 2 s.
   */
  read(wish: { isFresh: boolean }): Promise<AgentCard[]>
}

const Cards = z.object({ cards: z.array(AgentCard) })

/** The gateway is asked again after this long; what a plan lacks is looked for at once. */
const freshMs = 2_000
const askTimeoutMs = 2_000

export function createJoinedCards(deps: {
  sidecar: Pick<Sidecar, 'invoke'>
  nowMs: () => number
  onProblem: (cause: unknown) => void
}): JoinedCards {
  let known: AgentCard[] = []
  let askedAtMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    try {
      known = (await deps.sidecar.invoke('gateway', '/agents', { schema: Cards, signal: AbortSignal.timeout(askTimeoutMs) }))
        .cards
    } catch (cause) {
      deps.onProblem(cause)
      throw new WeftError(
        'dependency_unavailable',
        'which agents have joined cannot be looked up just now: send the request again',
      )
    } finally {
      askedAtMs = deps.nowMs()
      asking = undefined
    }
  }

  /** What is being asked already may be answered as things were before an agent joined. */
  async function askAnew(): Promise<void> {
    await asking?.catch(() => undefined)
    asking ??= ask()
    await asking
  }

  return {
    async read({ isFresh }) {
      if (isFresh) await askAnew()
      if (deps.nowMs() - askedAtMs < freshMs) return known
      // The first answer is waited for; later ones are for whoever asks next, so that no plan waits for the gateway.
      const isFirst = askedAtMs === Number.NEGATIVE_INFINITY
      asking ??= ask()
      const answered = asking.catch(() => undefined)
      if (isFirst) await answered
      return known
    },
  }
}
