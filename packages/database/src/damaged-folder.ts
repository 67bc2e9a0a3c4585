import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage } from '@weft/contracts'

/** A data folder whose database cannot be opened, now or later: some of its files are missing or torn. */
export class DamagedFolder extends Error {
  readonly code = 'damaged_folder'
  readonly isRetryable = false

  constructor(folder: string, why: string, cause?: unknown) {
    const remedy = 'keep it aside, and put the whole folder of a backup that was made while the mesh was down in its place'
    super(`the database in ${folder} cannot be opened (${why}), as when only a part of it was copied: ${remedy}`, { cause })
    this.name = 'DamagedFolder'
  }
}

/** Throws `DamagedFolder` for one that holds something, but not the file that every database begins with. */
export function refuseRemnant(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, 'PG_VERSION')))
    throw new DamagedFolder(folder, 'PG_VERSION is missing')
}

/** What was thrown when a folder was opened, as a `DamagedFolder` where PostgreSQL itself did not come up on its files. */
export function explainOpening(folder: string, cause: unknown): unknown {
  const why = errorMessage(cause)
  return /failed to initialize/i.test(why) ? new DamagedFolder(folder, why, cause) : cause
}
