import { z } from 'zod'
import { usageError } from '../client/explain-failure.ts'
import type { Fusion } from './core/choose-fusion.ts'

export const searchModes = ['default', 'bm25', 'vector', 'hybrid'] as const

const SearchOptions = z.strictObject({
  fusion: z.enum(['rrf', 'min_max']).exactOptional(),
  textWeight: z.coerce.number().min(0).max(1).exactOptional(),
  rerank: z.string().min(1).exactOptional(),
  multiHop: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .exactOptional(),
  latencyBudgetMs: z.coerce.number().int().positive().exactOptional(),
  duplicates: z.enum(['suppress', 'keep']).exactOptional(),
})

/** The `weft` object of a search. Without one, it is the search of a client that sets nothing. */
export type WeftSearch = z.infer<typeof SearchOptions> & { mode?: Exclude<(typeof searchModes)[number], 'default'> }

/** A way to search, with its name in the table and in gates. */
export type Setting = { name: string; weft: WeftSearch | undefined }

export const defaultSettings: Setting[] = (['bm25', 'vector', 'hybrid'] as const).map((mode) => ({ name: mode, weft: { mode } }))

const form = /^(?:(?<label>[^=:]+)=)?(?<mode>[a-z0-9]+)(?::(?<options>.+))?$/

/** Parses `hybrid`, `hybrid:fusion=rrf,textWeight=0.5`, or, with a name, `mine=hybrid:fusion=rrf`. Throws wrong usage. */
export function settingOption(text: string, earlier: Setting[] | undefined): Setting[] {
  const setting = parseSetting(text.trim())
  const others = earlier ?? []
  if (setting.name === 'answers') throw usageError('--setting: the name "answers" is that of what --answers measures')
  if (others.some(({ name }) => name === setting.name)) throw usageError(`--setting: "${setting.name}" is there twice`)
  return [...others, setting]
}

function parseSetting(text: string): Setting {
  const { label, mode: modeName, options } = form.exec(text)?.groups ?? {}
  const mode = searchModes.find((known) => known === modeName)
  if (mode === undefined) {
    throw usageError(
      `--setting knows ${searchModes.join(', ')}, then ":" and options such as fusion=rrf,textWeight=0.5; not "${text}"`,
    )
  }
  const search = { ...(mode === 'default' ? {} : { mode }), ...parseOptions(options ?? '', text) }
  return { name: label?.trim() ?? text, weft: Object.keys(search).length === 0 ? undefined : search }
}

function parseOptions(options: string, text: string): z.infer<typeof SearchOptions> {
  const pairs = options === '' ? [] : options.split(',').map((pair) => pair.split('=', 2).map((part) => part.trim()))
  const parsed = SearchOptions.safeParse(Object.fromEntries(pairs.map(([key = '', value = '']) => [key, value])))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const known = Object.keys(SearchOptions.shape).join(', ')
  throw usageError(`--setting "${text}": ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'} (options: ${known})`)
}

export function fusionSetting({ fusion, textWeight }: Fusion): Setting {
  return { name: `hybrid:fusion=${fusion},textWeight=${textWeight}`, weft: { mode: 'hybrid', fusion, textWeight } }
}
