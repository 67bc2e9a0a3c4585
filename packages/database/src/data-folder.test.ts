import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { createCluster } from './create-cluster.ts'
import { lockFolder } from './folder-lock.ts'

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
