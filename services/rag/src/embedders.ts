import { chosenEmbedder, createEmbedder, type ModelSettings, type RunningEmbedder } from '@weft/models'

/** The embedders these settings can make, each made once, when it is first asked for. */
export type Embedders = {
  /** The model that is set up to make vectors; undefined: none. */
  readonly chosen: string | undefined
  /** Undefined where the settings do not say how the model is reached; `problems` then does. */
  of(id: string): RunningEmbedder | undefined
  /** Why a model cannot be used, by its id. */
  readonly problems: ReadonlyMap<string, string>
  stop(): Promise<void>
}

export function createEmbedders(settings: ModelSettings): Embedders {
  const made = new Map<string, RunningEmbedder>()
  const problems = new Map<string, string>()
  return {
    chosen: chosenEmbedder(settings),
    problems,
    of(id) {
      const known = made.get(id)
      if (known !== undefined || problems.has(id)) return known
      try {
        const embedder = createEmbedder(settings, id)
        made.set(id, embedder)
        return embedder
      } catch (thrown) {
        problems.set(id, thrown instanceof Error ? thrown.message : String(thrown))
        return undefined
      }
    },
    async stop() {
      await Promise.all([...made.values()].map((embedder) => embedder.stop()))
    },
  }
}
