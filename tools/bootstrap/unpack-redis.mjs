import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { explainFailure } from './bootstrap-error.mjs'
import { completeFolder } from './cache-folder.mjs'
import { UNPACKED_REDIS } from './find-redis.mjs'
import { runCommand } from './run-command.mjs'

/** redis-server's program file lives in redis-tools: the server package only links to it. */
const PACKAGES = ['redis-server', 'redis-tools']

/** Unpacks Debian's Redis with the libraries this machine lacks into the cache; needs no root. */
export async function unpackRedis(context) {
  const { cache, note } = context
  try {
    await completeFolder(cache, `${UNPACKED_REDIS}${process.arch}`, async (unfinished) => {
      note('downloading redis-server without root')
      const archives = join(unfinished, 'archives')
      const files = join(unfinished, 'files')
      await mkdir(archives, { recursive: true })
      await downloadPackages(archives, context)
      note('unpacking redis-server')
      for (const name of (await readdir(archives)).filter((file) => file.endsWith('.deb'))) {
        await runCommand('dpkg-deb', ['-x', join(archives, name), files], context)
      }
      await rm(archives, { recursive: true })
      await writeLauncher(unfinished, await libraryFolders(files))
    })
  } catch (error) {
    throw explainFailure('unpack redis-server into the cache', error, { cache })
  }
}

async function downloadPackages(archives, { env, signal, note }) {
  const attempt = async (options) => {
    const missing = await missingLibraries(options, { env, signal })
    await runCommand('apt-get', [...options, 'download', ...PACKAGES, ...missing], { cwd: archives, env, signal })
  }
  try {
    await attempt([])
  } catch (error) {
    if (error.code !== 'COMMAND_FAILED') throw error
    note('fetching the package lists without root')
    const options = await privateLists(archives)
    await runCommand('apt-get', [...options, 'update'], { env, signal })
    await attempt(options)
  }
}

/** A fresh or trimmed system has no package lists and only root may fetch them: these options keep a copy of our own. */
async function privateLists(archives) {
  const state = join(archives, 'apt')
  await mkdir(join(state, 'lists', 'partial'), { recursive: true })
  await mkdir(join(state, 'archives', 'partial'), { recursive: true })
  return ['-o', `Dir::State::lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${state}`]
}

async function missingLibraries(options, { env, signal }) {
  const simulation = ['install', '--simulate', '--no-install-recommends', ...PACKAGES]
  const { stdout } = await runCommand('apt-get', [...options, ...simulation], { env, signal })
  return libraryNames(stdout)
}

/** Of what `apt-get install --simulate` would install (`Inst liblzf1 (3.6-3 …)`), the shared libraries. */
export function libraryNames(simulation) {
  const installed = simulation.split('\n').filter((line) => line.startsWith('Inst '))
  return installed.map((line) => line.split(' ')[1]).filter((name) => /^(lib|lua-)/.test(name))
}

/** The folders under `files` that hold shared libraries, relative to it. */
async function libraryFolders(files) {
  const entries = await readdir(files, { recursive: true })
  const folders = entries.filter((path) => /\.so(\.\d+)*$/.test(path)).map((path) => path.split('/').slice(0, -1).join('/'))
  return [...new Set(folders)]
}

/** Found by its own place, so that the folder may be renamed; `exec` keeps the process id for whoever supervises it. */
async function writeLauncher(folder, libraries) {
  const path = join(folder, 'redis-server')
  const list = libraries.map((library) => `$here/files/${library}`).join(':')
  const lines = [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")" && pwd)',
    `export LD_LIBRARY_PATH="${list}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
    'exec "$here/files/usr/bin/redis-server" "$@"',
  ]
  await writeFile(path, `${lines.join('\n')}\n`)
  await chmod(path, 0o755)
}
