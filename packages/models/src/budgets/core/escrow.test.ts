import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { SimulatedBudgets } from '../testing/simulated-budgets.ts'

const choice = fc.nat(1_000)
const share = fc.double({ min: 0, max: 1, noNaN: true })
const moves = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('call'), choice, share, isLost: fc.constant(false) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('call'), choice, share, isLost: fc.constant(true) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('end'), choice, share, isLost: fc.constant(false) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('flush', 'tick', 'tick'), choice, share, isLost: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'adopt'), choice, share, isLost: fc.boolean() }) },
)
const limits = fc.array(fc.nat(2_000), { minLength: 1, maxLength: 3 })

type Move = { kind: string; choice: number; share: number; isLost: boolean }

async function play(world: SimulatedBudgets, { kind, choice: n, share: part, isLost }: Move): Promise<void> {
  switch (kind) {
    case 'call':
      return world.call(n, { worstNano: 1 + Math.floor(60 * part), isAnswerLost: isLost })
    case 'end':
      return world.end(n, part)
    case 'flush':
      return world.flush(n)
    case 'tick':
      return world.tick(n, isLost)
    case 'crash':
      return world.crash(n)
    default:
      return world.adopt(part)
  }
}

it('no order of calls, losses and crashes spends more than a budget’s limit, and none of it is lost for good', async () => {
  const property = fc.asyncProperty(
    limits,
    fc.integer({ min: 1, max: 4 }),
    fc.array(moves, { maxLength: 200, size: 'max' }),
    async (sizes, processes, script) => {
      const world = new SimulatedBudgets(sizes, processes)
      const check = () => {
        for (const [n, key] of world.keys.entries()) {
          const { spentNano, leasedNano, leases } = world.bank.account(key)
          const held = [...leases.values()].reduce((sum, { amountNano }) => sum + amountNano, 0)
          const exposed = world.exposure(key.budgetId)
          const isKept = spentNano + leasedNano <= (sizes[n] ?? 0) && exposed <= spentNano + leasedNano && held === leasedNano
          if (!isKept) throw new Error(`budget ${n} of ${sizes[n]}: spent ${spentNano}, leased ${leasedNano}, exposed ${exposed}`)
        }
      }
      for (const move of script) {
        await play(world, move)
        check()
      }
      await world.settle()
      for (const key of world.keys) {
        const { spentNano, leasedNano } = world.bank.account(key)
        expect({ spentNano, leasedNano }).toEqual({ spentNano: world.costs.get(key.budgetId) ?? 0, leasedNano: 0 })
      }
    },
  )
  await fc.assert(property, { numRuns: 150, interruptAfterTimeLimit: 20_000 })
})

it('a budget is used to its last call, whoever makes it', async () => {
  const world = new SimulatedBudgets([1_000], 3)
  for (let n = 0; n < 60; n += 1) {
    await world.call(6 * n + 2 * (n % 3), { worstNano: 50, isAnswerLost: false })
  }
  expect(world.admitted).toBe(20)
})
