import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { type CancelRefusedDeps, cancelRefused, startCancellingLeft } from './cancel-refused.ts'
import type { RefusedTurn } from './refused-turns.ts'

const place = { tenant: 'default', sessionId: 'sess_1' }
const away = new WeftError('dependency_unavailable', 'the orchestrator is away')

/** Gateways before one store of refused turns, and a session that has the turn, has it not, or cannot be asked. */
function gatewaysBefore(answers: (boolean | Error)[]) {
  const notes: RefusedTurn[] = []
  const noted = new Map<string, RefusedTurn>()
  const cancelled: string[] = []
  const deps: CancelRefusedDeps = {
    sessions: {
      async cancelRequest(_session, key) {
        const answer = answers.shift() ?? false
        if (typeof answer !== 'boolean') throw answer
        if (answer) cancelled.push(key)
        return answer
      },
    },
    refusedTurns: {
      async note(turn) {
        notes.push(turn)
        noted.set(turn.idempotencyKey, turn)
      },
      forget: async ({ idempotencyKey }) => void noted.delete(idempotencyKey),
      left: async () => [...noted.values()],
    },
    logger: { info: () => undefined, warn: () => undefined },
    cancelDelaysMs: [0, 5],
  }
  return { deps, notes, noted, cancelled }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo() && tries < 500; tries += 1) await sleep(10)
}

it.each([
  ['it was cancelled', [true], 0],
  ['it was not taken', [false, false], 0],
  ['its session never existed', [new WeftError('not_found', 'no session'), new WeftError('not_found', 'no session')], 0],
  ['its session cannot be asked', [away, away], 1],
])('a refused turn is remembered until it is certain not to run: %s', async (_what, answers, left) => {
  const { deps, notes, noted } = gatewaysBefore(answers)
  cancelRefused(deps, place, 'request-1')
  await until(() => answers.length === 0 && noted.size === left)
  expect([notes, noted.size]).toEqual([[{ ...place, idempotencyKey: 'request-1' }], left])
})

it('what is left is looked for again only when all of it was asked for, and no more once this stops', async () => {
  const { deps } = gatewaysBefore([])
  const asked = Promise.withResolvers<void>()
  let looks = 0
  deps.refusedTurns.left = async () => {
    looks += 1
    await asked.promise
    return []
  }
  const next = startCancellingLeft(deps, 1)
  await sleep(20)
  const stopped = next.stop()
  asked.resolve()
  await stopped
  expect(looks).toBe(1)
})

it('a turn whose gateway ended before it was cancelled is cancelled by the next one, once its session can be asked', async () => {
  const { deps, noted, cancelled } = gatewaysBefore([away, away, true])
  await deps.refusedTurns.note({ ...place, idempotencyKey: 'request-1' })
  const next = startCancellingLeft(deps, 5)
  await until(() => noted.size === 0)
  await next.stop()
  expect([cancelled, noted.size]).toEqual([['request-1'], 0])
})
