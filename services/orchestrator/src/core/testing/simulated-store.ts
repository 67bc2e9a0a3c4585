import assert from 'node:assert/strict'
import { fromHead, partsOf, type ReadPart, readOutcome, toHead } from '../persist-session.ts'
import { SessionHead } from '../session-head.ts'
import type { SessionState, StepOutcome, TurnState } from '../session-state.ts'

/** One session as it lies in a store: what was committed is all that another host knows. */
export class SimulatedStore {
  readonly #values = new Map<string, string>()
  #committed: SessionState | undefined

  /** Written out when it is read: that a part is never changed is checked elsewhere. */
  commit(state: SessionState): void {
    this.#committed = state
  }

  async load(): Promise<SessionState> {
    this.#write()
    const { state } = await fromHead(SessionHead.parse(this.#parse('head')), this.#read)
    return state
  }

  async readOutcomes({ turn, steps }: TurnState, stepIds: string[]): Promise<Map<string, StepOutcome>> {
    this.#write()
    const read = async (stepId: string): Promise<[string, StepOutcome]> => {
      const step = steps[stepId] ?? assert.fail(`there is no step ${stepId}`)
      return [stepId, step.outcome ?? (await readOutcome(this.#read, () => '', { turn, stepId, step }))]
    }
    return new Map(await Promise.all(stepIds.map(read)))
  }

  #write(): void {
    const state = this.#committed ?? assert.fail('nothing was committed')
    const parts = partsOf(state)
    for (const key of this.#values.keys()) if (!parts.has(key)) this.#values.delete(key)
    for (const [key, part] of parts) if (part !== undefined && !this.#values.has(key)) this.#values.set(key, JSON.stringify(part))
    this.#values.set('head', JSON.stringify(toHead(state)))
  }

  readonly #read: ReadPart = async (key, schema) => schema.parse(this.#parse(key))

  #parse(key: string): ReturnType<typeof JSON.parse> {
    return JSON.parse(this.#values.get(key) ?? assert.fail(`the part ${key} is missing from the store`))
  }
}
