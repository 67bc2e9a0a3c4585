/** Models are what they are; OpenAI's `created` has no meaning for them, so it is the same for all. */
const created = 1_767_225_600

interface Rates {
  inputUsd: number
  outputUsd: number
  cachedInputUsd?: number | undefined
  cacheWriteUsd?: number | undefined
  reasoningUsd?: number | undefined
}

interface ModelFacts {
  id: string
  provider: string
  aliases?: readonly string[] | undefined
  capabilities?: readonly string[] | undefined
  price?: (Rates & { long?: (Rates & { aboveInputTokens: number }) | undefined }) | undefined
  priceKnown: boolean
  isTranslated?: boolean | undefined
  lacksStopSequences?: boolean | undefined
  contextTokens?: number | undefined
  outputTokensMax?: number | undefined
  firstTokenMs?: number | undefined
  dimensions?: number | undefined
  deprecated?: { since: string; removedOn?: string | undefined; replacement?: string | undefined } | undefined
}

/** A model in OpenAI's shape, what it can do and costs under `weft`; prices in USD per million tokens. */
export function modelObject(model: ModelFacts) {
  const {
    id,
    provider,
    price,
    capabilities = [],
    aliases = [],
    priceKnown: _,
    isTranslated: __,
    lacksStopSequences: ___,
    ...facts
  } = model
  return {
    id,
    object: 'model',
    created,
    owned_by: provider,
    weft: { kind: 'model', capabilities, aliases, pricePerMillionUsd: price === undefined ? null : priceObject(price), ...facts },
  }
}

function priceObject({ long, ...price }: NonNullable<ModelFacts['price']>) {
  const { aboveInputTokens, ...rates } = long ?? {}
  return { ...rateObject(price), ...(long === undefined ? {} : { long: { aboveInputTokens, ...rateObject(rates) } }) }
}

/** Rates that are not given are left out of the JSON. */
function rateObject(rates: Partial<Rates>) {
  return {
    input: rates.inputUsd,
    output: rates.outputUsd,
    cachedInput: rates.cachedInputUsd,
    cacheWrite: rates.cacheWriteUsd,
    reasoning: rates.reasoningUsd,
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

/** Stands for whichever model fits a request best; what it costs depends on that. */
export function routedObject(id: string) {
  const description = 'The cheapest available model that can do what a request asks, as far as its answers are good enough.'
  return {
    id,
    object: 'model',
    created,
    owned_by: 'weft',
    weft: { kind: 'router', description, capabilities: ['chat'], pricePerMillionUsd: null },
  }
}
