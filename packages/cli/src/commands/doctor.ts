import type { Command } from 'commander'
import { exitCodes } from '../cli-error.ts'
import { readCliSettings } from '../cli-settings.ts'
import { checkPlace } from '../supervisor/check-place.ts'
import { checkToolchain } from '../supervisor/check-toolchain.ts'
import type { Finding } from '../supervisor/finding.ts'

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check programs, versions, ports, disk and permissions, and say how to mend what is wrong')
    .option('--json', 'answer as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const settings = readCliSettings()
      const findings = [...checkToolchain(settings), ...(await checkPlace(settings))]
      console.log(
        json
          ? JSON.stringify({ ok: findings.every(({ ok }) => ok), findings }, null, 2)
          : findings.map(describeFinding).join('\n'),
      )
      process.exitCode = findings.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed
    })
}

function describeFinding({ what, ok, detail, remedy }: Finding): string {
  const line = `${ok ? 'ok   ' : 'WRONG'}  ${what.padEnd(12)}  ${detail}`
  return ok || remedy === undefined ? line : `${line}\n${' '.repeat(21)}→ ${remedy}`
}
