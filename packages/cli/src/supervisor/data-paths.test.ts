import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { createFolders, dataPaths } from './data-paths.ts'

const folder = mkdtempSync(join(tmpdir(), 'weft-paths-'))
afterAll(() => {
  chmodSync(folder, 0o700)
  rmSync(folder, { recursive: true })
})
createFolders(dataPaths(folder))
chmodSync(folder, 0o500)

/** An administrator may write everywhere. */
function mayBeWritten(): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const unlessAdministrator = mayBeWritten() ? it.skip : it

unlessAdministrator('a data folder that is there, whole, and may not be written is refused with what to do', () => {
  const refusal = /cannot write the data folder .*: EACCES.*; set WEFT_DATA to a folder you may write to/
  expect(() => createFolders(dataPaths(folder))).toThrow(refusal)
})
