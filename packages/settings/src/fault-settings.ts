import { isAbsolute, relative } from 'node:path'
import { z } from 'zod'
import { loadYaml } from './load-yaml.ts'
import { SettingsError } from './read-settings.ts'

/** What a test does to the processes of its own mesh. */
const Faults = z.strictObject({
  /** By crash point, the chance that one pass kills the process. */
  crashes: z.record(z.string(), z.number().min(0).max(1)).default({}),
  /** File that counts the crashes; none happens without it. */
  crashRecord: z.string().default(''),
  /** Sessions are dropped from memory after every call and every result. */
  evictsSessions: z.boolean().default(false),
  /** Nothing happens but at a beat of a session's reminder, and nothing is told to gateways. */
  dropsHints: z.boolean().default(false),
})
export type Faults = z.infer<typeof Faults>

export const faultSettings = z.object({
  /** For tests alone: a file of faults. It has to lie in the mesh's own data folder, so that it means no other mesh. */
  WEFT_FAULTS: z.string().optional(),
  WEFT_DATA: z.string().optional(),
})

/** Undefined without faults, as in every mesh but a test's. Throws SettingsError for a file outside the data folder. */
export function readFaults({ WEFT_FAULTS: path, WEFT_DATA: dataFolder }: z.infer<typeof faultSettings>): Faults | undefined {
  if (path === undefined) return undefined
  if (dataFolder === undefined || !liesIn(dataFolder, path)) {
    throw new SettingsError('the environment is not usable', [
      `WEFT_FAULTS breaks a mesh on purpose: it is for tests, and its file has to lie in the data folder (${dataFolder ?? 'WEFT_DATA'})`,
    ])
  }
  return loadYaml(path, Faults)
}

function liesIn(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return isAbsolute(path) && way !== '' && !way.startsWith('..') && !isAbsolute(way)
}
