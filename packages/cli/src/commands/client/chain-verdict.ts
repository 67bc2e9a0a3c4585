import { z } from 'zod'

/** What the mesh found when it checked a chain of hashes. */
export const ChainVerdict = z.looseObject({
  isValid: z.boolean(),
  entries: z.number(),
  brokenAt: z.number().nullish(),
  problem: z.string().optional(),
})
export type ChainVerdict = z.infer<typeof ChainVerdict>

export function describeVerdict(what: string, { isValid, entries, brokenAt, problem }: ChainVerdict): string {
  if (isValid) return `${what} is whole: ${entries} entries`
  return `${what} was changed at entry ${brokenAt ?? 'unknown'}${problem === undefined ? '' : `: ${problem}`}`
}
