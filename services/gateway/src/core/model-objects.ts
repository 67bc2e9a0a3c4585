/** Models are what they are; OpenAI's `created` has no meaning for them, so it is the same for all. */
const created = 1_767_225_600

interface ModelFacts {
  id: string
  provider: string
  capabilities?: readonly string[] | undefined
  price?: { inputUsd: number; outputUsd: number; cachedInputUsd?: number | undefined } | undefined
  priceKnown: boolean
  contextTokens?: number | undefined
  outputTokensMax?: number | undefined
}

/** A model in OpenAI's shape, what it can do and costs under `weft`; prices in USD per million tokens. */
export function modelObject(model: ModelFacts) {
  const { capabilities, price, contextTokens, outputTokensMax } = model
  const pricePerMillionUsd =
    price === undefined
      ? null
      : {
          input: price.inputUsd,
          output: price.outputUsd,
          ...(price.cachedInputUsd === undefined ? {} : { cachedInput: price.cachedInputUsd }),
        }
  return {
    id: model.id,
    object: 'model',
    created,
    owned_by: model.provider,
    weft: {
      kind: 'model',
      capabilities: capabilities ?? [],
      pricePerMillionUsd,
      ...(contextTokens === undefined ? {} : { contextTokens }),
      ...(outputTokensMax === undefined ? {} : { outputTokensMax }),
    },
  }
}

/** A mode as a model: it runs a workflow, whose cost depends on the models its steps use. */
export function modeObject(mode: { id: string; description: string }) {
  return {
    id: `weft/${mode.id}`,
    object: 'model',
    created,
    owned_by: 'weft',
    weft: { kind: 'workflow', description: mode.description, capabilities: ['chat', 'citations'], pricePerMillionUsd: null },
  }
}
