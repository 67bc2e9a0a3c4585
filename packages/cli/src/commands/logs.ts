import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import { readCliSettings } from '../cli-settings.ts'
import { dataPaths } from '../supervisor/data-paths.ts'
import { followFile } from './follow-file.ts'
import { wholeNumberOption } from './client/whole-number-option.ts'
import { readLastLines } from '../supervisor/read-last-lines.ts'

interface LogsFlags {
  follow?: boolean
  lines: number
  json?: boolean
}

export function registerLogs(program: Command): void {
  program
    .command('logs')
    .description('show what a process of the mesh wrote (its names: weft status)')
    .argument('<service>', 'a process, like gateway or gateway-daprd')
    .option('-f, --follow', 'go on with what it writes from now')
    .option('-n, --lines <count>', 'how many of its last lines', wholeNumberOption('--lines', { min: 0 }), 100)
    .option('--json', 'each line as a JSON object: process, line')
    .action(async (service: string, { follow = false, lines, json = false }: LogsFlags) => {
      const path = findLog(dataPaths(readCliSettings().dataFolder).logs, service)
      const print = (line: string) => console.log(json ? JSON.stringify({ process: service, line }) : line)
      for (const line of readLastLines(path, lines)) print(line)
      // Never resolves: the command ends with Ctrl-C.
      if (follow) await followFile(path, json ? splitLines(print) : (added) => process.stdout.write(added))
    })
}

/** Takes bytes as they come, and passes on every line once it is whole. */
export function splitLines(print: (line: string) => void): (added: Uint8Array) => void {
  const decoder = new TextDecoder()
  let rest = ''
  return (added) => {
    const lines = `${rest}${decoder.decode(added, { stream: true })}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) print(line)
  }
}

function findLog(folder: string, service: string): string {
  const names = existsSync(folder)
    ? readdirSync(folder).flatMap((file) => (file.endsWith('.log') ? [file.slice(0, -4)] : []))
    : []
  if (names.includes(service)) return join(folder, `${service}.log`)
  if (names.length === 0)
    throw new CliError('mesh_not_up', `no logs in ${folder}: the mesh was not started yet; start it with: npm start`, {
      exitCode: exitCodes.meshNotUp,
    })
  throw new CliError('unknown_service', `there is no log of '${service}'; there are: ${names.toSorted().join(', ')}`, {
    exitCode: exitCodes.wrongUsage,
  })
}
