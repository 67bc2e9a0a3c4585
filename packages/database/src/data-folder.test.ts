import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { createCluster } from './create-cluster.ts'
import { lockFolder } from './folder-lock.ts'
import { layTestDatabase } from './testing.ts'

it('is refused with a code and the process that has it open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-folder-'))
  const holder = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1_000)', 'pglite'], { stdio: 'ignore' })
  try {
    writeFileSync(join(folder, 'data.pid'), String(holder.pid))
    expect(() => lockFolder(join(folder, 'data'))).toThrow(
      expect.objectContaining({ code: 'conflict', message: expect.stringContaining(`in use by process ${holder.pid}`) }),
    )
  } finally {
    holder.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})

it('is opened where it is a copy of one that another process has open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-folder-'))
  const holder = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1_000)', 'pglite'], { stdio: 'ignore' })
  try {
    const note = join(folder, 'data.pid')
    writeFileSync(note, `${holder.pid}\n${note}`)
    cpSync(note, join(folder, 'copy.pid'))
    lockFolder(join(folder, 'copy'))()
    symlinkSync(note, join(folder, 'link.pid'))
    expect(() => lockFolder(join(folder, 'link'))).toThrow(`in use by process ${holder.pid}`)
  } finally {
    holder.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})

it('is named with a code when it cannot be made', async () => {
  const folder = join(tmpdir(), 'weft-folder-never-made')
  const given = process.execArgv
  process.execArgv = ['--no-such-option-of-node']
  try {
    await expect(createCluster(folder)).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.stringContaining(`${folder} could not be made`),
    })
  } finally {
    process.execArgv = given
  }
})

it('says so when what makes it was killed for want of memory', async () => {
  const given = process.execArgv
  process.execArgv = ['--import', 'data:text/javascript,process.kill(process.pid, "SIGKILL")']
  try {
    await expect(createCluster(join(tmpdir(), 'weft-folder-never-made'))).rejects.toThrow(
      'killed, as the system does when memory runs out',
    )
  } finally {
    process.execArgv = given
  }
})

/** What the embedded database ends with on this folder. */
function openIn(dataFolder: string): { status: number | null; stderr: string } {
  const program = join(import.meta.dirname, 'pglite-main.ts')
  const env = { ...process.env, WEFT_PGLITE_PORT: '1', WEFT_PGLITE_DATA: dataFolder }
  const { status, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env,
    encoding: 'utf8',
  })
  return { status, stderr }
}

it('is refused for good, and in one line, when only a part of it is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-folder-'))
  const said = /^pglite could not start: the database in .* cannot be opened .* put the whole folder of a backup .*\n$/
  try {
    const torn = join(folder, 'torn')
    await layTestDatabase(torn)
    for (const name of readdirSync(join(torn, 'base'))) rmSync(join(torn, 'base', name), { recursive: true })
    expect(openIn(torn)).toEqual({ status: 78, stderr: expect.stringMatching(said) })
    mkdirSync(join(folder, 'rest', 'base'), { recursive: true })
    expect(openIn(join(folder, 'rest'))).toEqual({ status: 78, stderr: expect.stringMatching(said) })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
