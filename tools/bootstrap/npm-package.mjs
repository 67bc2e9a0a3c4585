import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { completeFolder } from './cache-folder.mjs'
import { runCommand } from './run-command.mjs'

/** npm's own waits between attempts add up to over a minute: too long to be told that the network is gone. */
const FAST_RETRIES = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000']

/**
 * Installs exactly one package of one version from npm into `cache/name` and answers that folder's node_modules.
 * Install scripts stay off: what is fetched here brings its program ready-made.
 */
export async function fetchNpmPackage(spec, name, { cache, env, signal }) {
  const folder = await completeFolder(cache, name, async (unfinished) => {
    await writeFile(join(unfinished, 'package.json'), '{"private":true}\n')
    const npm = npmCommand(env)
    const args = [
      ...FAST_RETRIES,
      'install',
      spec,
      '--prefix',
      unfinished,
      '--save-exact',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]
    await runCommand(npm.command, [...npm.args, ...args], { cwd: unfinished, env, signal })
  })
  return join(folder, 'node_modules')
}

/** The npm that started us, run by the Node that runs us; else the npm on PATH. */
function npmCommand(env) {
  const running = env.npm_execpath
  if (running?.endsWith('npm-cli.js') && existsSync(running)) return { command: process.execPath, args: [running] }
  return { command: 'npm', args: [] }
}
