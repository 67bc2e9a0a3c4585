import { z } from 'zod'
import { ModelError } from '../model-error.ts'
import { type ModelSettings, textSetting } from '../model-settings.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import type { Price } from '../registry/read-registry.ts'

/** How calls of models without a price are treated: refused, or charged at this price. They are never free. */
export type UnpricedModels = 'refuse' | Price

/** More than most models cost (USD per million tokens), so that a budget ends too early rather than too late. */
const assumed = { inputUsd: 5, outputUsd: 20 }

const Usd = z.coerce.number().nonnegative()

/**
 * WEFT_UNPRICED_MODELS: `estimate` (default) at WEFT_UNPRICED_INPUT_USD and WEFT_UNPRICED_OUTPUT_USD per million tokens (default 5 and 20), or
 * `refuse`. Throws ModelError for other values.
 */
export function unpricedModels(settings: ModelSettings): UnpricedModels {
  const wish = textSetting(settings, 'WEFT_UNPRICED_MODELS') ?? 'estimate'
  if (wish === 'refuse') return 'refuse'
  if (wish !== 'estimate') throw unusable('WEFT_UNPRICED_MODELS', 'is "refuse" or "estimate"')
  const usdOf = (variable: string, usual: number) => {
    const text = textSetting(settings, variable)
    const usd = text === undefined ? usual : Usd.safeParse(text).data
    if (usd === undefined) throw unusable(variable, 'is a number of US dollars per million tokens')
    return usd
  }
  return {
    inputUsd: usdOf('WEFT_UNPRICED_INPUT_USD', assumed.inputUsd),
    outputUsd: usdOf('WEFT_UNPRICED_OUTPUT_USD', assumed.outputUsd),
  }
}

/** The model with the price that its calls are charged at. Throws ModelError for a model without a price where those are refused. */
export function withPrice(model: ModelInfo, unpricedNow: (() => UnpricedModels) | undefined): ModelInfo {
  if (model.price !== undefined || unpricedNow === undefined) return model
  const unpriced = unpricedNow()
  if (unpriced !== 'refuse') return { ...model, price: unpriced }
  const message = `No price of '${model.id}' is known, and calls without one are refused: list it with its price in the file of WEFT_MODELS_FILE, or set WEFT_UNPRICED_MODELS=estimate`
  throw new ModelError('invalid_request', message, { param: 'model' })
}

function unusable(variable: string, what: string): ModelError {
  return new ModelError('invalid_request', `${variable} ${what}`)
}
