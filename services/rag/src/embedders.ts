import { errorMessage } from '@weft/contracts'
import { chosenEmbedder, createEmbedder, type EmbeddingAccounts, type ModelSettings, type RunningEmbedder } from '@weft/models'

/** The embedders these settings can make, each made once, when it is first asked for. */
export type Embedders = {
  /** The one that is set up to make vectors; undefined: none. */
  readonly chosen: RunningEmbedder | undefined
  /** Undefined where the settings do not say how the model is reached, or the model's files are not there. */
  of(id: string): RunningEmbedder | undefined
  /** Why the chosen one cannot be used. */
  readonly problem: string | undefined
  /** The one questions are embedded with: the chosen one, or whichever made the vectors that were last found to be stored. */
  current(): RunningEmbedder | undefined
  /** Takes note of the model whose vectors are stored. */
  follow(id: string): RunningEmbedder | undefined
  stop(): Promise<void>
}

export function createEmbedders(settings: ModelSettings, accounts?: EmbeddingAccounts): Embedders {
  const made = new Map<string, RunningEmbedder>()
  const problems = new Map<string, string>()

  function of(id: string): RunningEmbedder | undefined {
    const known = made.get(id)
    if (known !== undefined || problems.has(id)) return known
    try {
      const embedder = createEmbedder(settings, id, accounts)
      made.set(id, embedder)
      return embedder
    } catch (thrown) {
      problems.set(id, errorMessage(thrown))
      return undefined
    }
  }

  const chosenId = chosenEmbedder(settings)
  const chosen = chosenId === undefined ? undefined : of(chosenId)
  let current = chosen
  return {
    chosen,
    of,
    problem: chosenId === undefined ? undefined : problems.get(chosenId),
    current: () => current,
    follow(id) {
      const embedder = of(id)
      current = embedder ?? current
      return embedder
    },
    async stop() {
      await Promise.all([...made.values()].map((embedder) => embedder.stop()))
    },
  }
}
