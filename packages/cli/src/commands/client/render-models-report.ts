import { z } from 'zod'

const ModelCheck = z.looseObject({
  id: z.string(),
  isServed: z.boolean().optional(),
  isPriceKnown: z.boolean(),
  deprecated: z.looseObject({ since: z.string(), replacement: z.string().optional() }).optional(),
  call: z
    .looseObject({ ok: z.boolean(), durationMs: z.number(), costUsd: z.number(), problem: z.string().optional() })
    .optional(),
})

const ProviderCheck = z.looseObject({
  provider: z.string(),
  isSetUp: z.boolean(),
  variables: z.array(z.string()),
  baseUrl: z.string().optional(),
  durationMs: z.number().optional(),
  problem: z.string().optional(),
  models: z.array(ModelCheck),
})

const Report = z.looseObject({
  ok: z.boolean(),
  registry: z.looseObject({ file: z.string().optional(), problem: z.string().optional() }),
  providers: z.array(ProviderCheck),
})

/** The report of `POST /v1/models/check` as lines. Each begins with whether something is wrong; providers that are not set up come last. */
export function renderReport(value: unknown): { ok: boolean; lines: string[] } {
  const { ok, registry, providers } = Report.parse(value)
  const setUp = providers.filter(({ isSetUp }) => isSetUp)
  const others = providers.filter(({ isSetUp }) => !isSetUp)
  const file = registry.problem === undefined ? [] : [`WRONG  ${registry.file ?? 'registry'}: not in use: ${registry.problem}`]
  const missing = others.map(({ provider, variables }) => `-      ${provider}: not set up (${variables.join(' or ')})`)
  return { ok, lines: [...file, ...setUp.flatMap(providerLines), ...missing] }
}

function providerLines({ provider, baseUrl, durationMs, problem, models }: z.infer<typeof ProviderCheck>): string[] {
  const where = baseUrl === undefined ? provider : `${provider} at ${baseUrl}`
  const took = durationMs === undefined || problem !== undefined ? '' : ` answers in ${durationMs} ms`
  const head = problem === undefined ? `ok     ${where}${took}` : `WRONG  ${where}: ${problem}`
  return [head, ...models.map(modelLine)]
}

function modelLine({ id, isServed, isPriceKnown, deprecated, call }: z.infer<typeof ModelCheck>): string {
  const isWrong = isServed === false || call?.ok === false
  const facts = [
    ...(isServed === false ? ['the provider does not list it'] : []),
    ...(isServed === undefined ? ['not known whether it is served'] : []),
    ...(isPriceKnown
      ? []
      : ['its price is not known: its calls are charged at an assumed price, or refused (WEFT_UNPRICED_MODELS)']),
    ...(deprecated === undefined ? [] : [`deprecated since ${deprecated.since}${insteadOf(deprecated.replacement)}`]),
    ...(call === undefined ? [] : [call.ok ? `answered in ${call.durationMs} ms` : `call failed: ${call.problem ?? ''}`]),
  ]
  return `${isWrong ? 'WRONG' : 'ok   '}    ${id}${facts.length === 0 ? '' : `: ${facts.join('; ')}`}`
}

function insteadOf(replacement: string | undefined): string {
  return replacement === undefined ? '' : `, use ${replacement}`
}
