import type { Command } from 'commander'
import { z } from 'zod'
import { exitCodes } from '../../cli-error.ts'
import { withMesh } from './connect-mesh.ts'
import { renderReport } from './render-models-report.ts'

export function registerModels(program: Command): void {
  const models = program.command('models').description('which models there are, what they cost, whether they answer')
  models
    .command('list', { isDefault: true })
    .description('every model that can be called now')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => listModels(command))
  models
    .command('check')
    .description('whether providers are reached, keys are valid and models are served (needs a key with the scope admin)')
    .argument('[id...]', 'only these models; default: all')
    .option('--call', 'also call each model once, for a few tokens')
    .option('--json', 'answer as JSON')
    .action((ids: string[], options: { call?: boolean }, command: Command) => checkModels(ids, options, command))
}

const Model = z.looseObject({
  id: z.string(),
  weft: z.looseObject({
    kind: z.string(),
    capabilities: z.array(z.string()),
    aliases: z.array(z.string()).default([]),
    pricePerMillionUsd: z.looseObject({ input: z.number(), output: z.number() }).nullable(),
    contextTokens: z.number().optional(),
    deprecated: z.looseObject({ since: z.string(), replacement: z.string().optional() }).optional(),
  }),
})
const ModelList = z.looseObject({ data: z.array(Model) })

async function listModels(command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const { data } = ModelList.parse(await mesh.client.get('/models'))
    if (isJson) terminal.printJson(data)
    else for (const model of data) terminal.print(describeModel(model))
  })
}

function describeModel({ id, weft }: z.infer<typeof Model>): string {
  const { aliases, deprecated } = weft
  const named = aliases.length === 0 ? '' : `  also ${aliases.join(', ')}`
  const instead = deprecated?.replacement === undefined ? '' : `, use ${deprecated.replacement}`
  const warning = deprecated === undefined ? '' : `  DEPRECATED since ${deprecated.since}${instead}`
  return `${id.padEnd(36)}  ${costOf(weft).padEnd(24)}  ${weft.capabilities.join(', ')}${named}${warning}`
}

function costOf({ kind, pricePerMillionUsd: price }: z.infer<typeof Model>['weft']): string {
  if (price !== null) return `$${price.input} in, $${price.output} out`
  return kind === 'workflow' ? 'as its steps cost' : 'price unknown'
}

async function checkModels(ids: string[], { call = false }: { call?: boolean }, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const body = { call, ...(ids.length === 0 ? {} : { models: ids }) }
    const report = await mesh.client.post('/models/check', { body })
    const { ok, lines } = renderReport(report)
    if (isJson) terminal.printJson(report)
    else for (const line of lines) terminal.print(line)
    process.exitCode = ok ? exitCodes.done : exitCodes.failed
  })
}
