import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { replaceFile } from '../../supervisor/replace-file.ts'

/** Tokens per second, by the address of the mesh. */
const Rates = z.record(z.string(), z.number().positive())

/** A sync with fewer tokens is not measured, because its time says little about its files. */
const tokensMin = 2_000

/** How fast syncs into a mesh are, as measured by the last one that was large enough. */
export type SyncRate = {
  /** An estimate for this many tokens; resolves to undefined when nothing was measured yet. */
  secondsFor(tokens: number): Promise<number | undefined>
  note(measured: { tokens: number; durationMs: number }): Promise<void>
}

export function createSyncRate(folder: string, meshUrl: string): SyncRate {
  const file = join(folder, 'rates.json')
  const read = async () => {
    try {
      return parseJson(Rates, await readFile(file, 'utf8'), file)
    } catch {
      // A rate that cannot be read is only missed as an estimate.
      return {}
    }
  }
  return {
    async secondsFor(tokens) {
      const rate = (await read())[meshUrl]
      return rate === undefined ? undefined : tokens / rate
    },
    async note({ tokens, durationMs }) {
      if (tokens < tokensMin || durationMs <= 0) return
      replaceFile(file, JSON.stringify({ ...(await read()), [meshUrl]: (tokens / durationMs) * 1_000 }))
    },
  }
}
