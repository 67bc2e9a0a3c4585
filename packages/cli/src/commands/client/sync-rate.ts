import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { replaceFile } from '../../supervisor/replace-file.ts'

/** Tokens a second by the address of the mesh. */
const Rates = z.record(z.string(), z.number().positive())

/** Less says more of what a sync costs anyway than of its files. */
const tokensMin = 2_000

/** How fast syncs into a mesh went, as the last one that was large enough measured it. */
export type SyncRate = {
  /** Undefined: nothing was measured yet. */
  secondsFor(tokens: number): Promise<number | undefined>
  note(measured: { tokens: number; durationMs: number }): Promise<void>
}

export function createSyncRate(folder: string, meshUrl: string): SyncRate {
  const file = join(folder, 'rates.json')
  const read = async () => {
    try {
      return parseJson(Rates, await readFile(file, 'utf8'), file)
    } catch {
      // What was measured is only ever an estimate: without it there is none.
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
