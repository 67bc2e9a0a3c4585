import { z } from 'zod'

/** The result of checking a chain of hashes. */
export const ChainVerdict = z.looseObject({
  isValid: z.boolean(),
  entries: z.number(),
  startsAfter: z.looseObject({ position: z.number(), at: z.string() }).optional(),
  brokenAt: z.number().nullish(),
  problem: z.string().optional(),
})
export type ChainVerdict = z.infer<typeof ChainVerdict>

export function describeVerdict(what: string, { isValid, entries, startsAfter, brokenAt, problem }: ChainVerdict): string {
  const older =
    startsAfter === undefined ? '' : `, from entry ${startsAfter.position + 1} on; those until ${startsAfter.at} were removed`
  if (isValid) return `${what} is whole: ${entries} entries${older}`
  return `${what} was changed at entry ${brokenAt ?? 'unknown'}${problem === undefined ? '' : `: ${problem}`}`
}
