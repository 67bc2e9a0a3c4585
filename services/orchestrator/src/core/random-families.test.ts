import { expect, it } from '@jest/globals'
import { childAgent, isTerminalTurn, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'
import fc from 'fast-check'
import { SimulatedFamily } from './testing/simulated-family.ts'
import { planOf } from './testing.ts'

/** Plans whose steps work, ask first, or are sessions with such plans of their own. */
function plansOfDepth(depth: number): fc.Arbitrary<WorkflowPlan> {
  const plain = fc.constantFrom<Partial<WorkflowStep>>(
    {},
    { approval: { reason: 'ask first' } },
    { onFailure: { action: 'fail' } },
  )
  const child = depth === 0 ? plain : plansOfDepth(depth - 1).map((plan) => ({ ...childAgent, params: { input: 'Go.', plan } }))
  return fc
    .array(fc.oneof(plain, child, child), { minLength: 1, maxLength: 3 })
    .chain((steps) => fc.tuple(...steps.map((step, index) => orderedStep(step, index))))
    .map((steps) => planOf(steps))
}

function orderedStep(step: Partial<WorkflowStep>, index: number): fc.Arbitrary<Partial<WorkflowStep>> {
  const earlier = Array.from({ length: index }, (_, n) => `s${n}`)
  return fc.subarray(earlier).map((dependsOn) => ({ ...step, stepId: `s${index}`, dependsOn }))
}

type Move = (family: SimulatedFamily) => unknown

const everyday: Move[] = [
  (family) => family.perform(),
  (family) => family.perform(),
  (family) => family.perform(),
  (family) => family.finish(),
  (family) => family.deliver(),
  (family) => family.deliver(),
  (family) => family.decide('approve'),
]

const rare: Move[] = [
  (family) => family.lose(),
  (family) => family.lose(),
  (family) => family.fail(),
  (family) => family.forget(),
  (family) => family.crash(),
  (family) => family.wait(1_000),
  (family) => family.decide('reject'),
  (family) => family.toRoot({ type: 'pause' }),
  (family) => family.toRoot({ type: 'resume' }),
]

const last: Move[] = [
  () => undefined,
  (family) => family.toRoot({ type: 'cancel', turn: undefined }),
  (family) => family.toRoot({ type: 'delete' }),
]

const scripts = fc.noBias(fc.array(fc.nat(10_000), { maxLength: 400, size: 'max' }))
const moves = [...everyday, ...everyday, ...rare]

it('sessions and those they opened come to rest together, whatever is lost between them or comes too late', async () => {
  await fc.assert(
    fc.asyncProperty(plansOfDepth(2), scripts, fc.constantFrom(...last), fc.nat(120), async (plan, script, end, endsAt) => {
      let used = 0
      const pick = (count: number) => (script[used++] ?? 0) % count
      const family = new SimulatedFamily(plan, pick)
      for (let move = 0; used < script.length; move += 1) {
        if (move === endsAt) end(family)
        await moves[pick(moves.length)]?.(family)
      }
      family.calm()
      const { deletion } = family.root.state
      for (const { session } of family.members.values()) {
        expect(session.state.turns.filter(({ status }) => !isTerminalTurn(status))).toEqual([])
        expect(session.state).toMatchObject({ deletion, isPaused: false, errands: [] })
      }
    }),
    { numRuns: 250, interruptAfterTimeLimit: 45_000 },
  )
})
