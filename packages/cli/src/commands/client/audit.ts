import { wholeNumberOption } from './whole-number-option.ts'
import type { Command } from 'commander'
import { z } from 'zod'
import { exitCodes } from '../../cli-error.ts'
import { ChainVerdict, describeVerdict } from './chain-verdict.ts'

import { withMesh } from './connect-mesh.ts'
import { listPages } from './list-pages.ts'

export function registerAudit(program: Command): void {
  const audit = program.command('audit').description('who did what to what, and when (needs a key with the scope admin)')
  audit
    .command('list', { isDefault: true })
    .description('show what was done, oldest first, at most 10,000 entries')
    .option('--after <position>', 'only what stands after this entry', wholeNumberOption('--after', { min: 0 }))
    .option('--json', 'answer as JSON')
    .action(({ after }: { after?: number }, command: Command) => listAudit(command, after))
  audit
    .command('verify')
    .description('check that nobody changed it: every entry holds the hash of the one before')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => verifyAudit(command))
}

const Entry = z.looseObject({
  position: z.number(),
  at: z.string(),
  by: z.looseObject({ keyId: z.string(), name: z.string() }),
  action: z.string(),
  target: z.string(),
  details: z.record(z.string(), z.unknown()),
})

async function listAudit(command: Command, after: number | undefined): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const entries = await listPages(mesh.client, { path: '/audit', item: Entry, cursorOf: ({ position }) => position, after })
    if (isJson) terminal.printJson(entries)
    else for (const entry of entries) terminal.print(describe(entry))
  })
}

async function verifyAudit(command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const verdict = ChainVerdict.parse(await mesh.client.get('/audit/verify'))
    if (isJson) terminal.printJson(verdict)
    else terminal.print(describeVerdict('the audit log', verdict))
    if (!verdict.isValid) process.exitCode = exitCodes.failed
  })
}

function describe({ position, at, by, action, target, details }: z.infer<typeof Entry>): string {
  const more = Object.keys(details).length === 0 ? '' : `  ${JSON.stringify(details)}`
  return `${String(position).padStart(5)}  ${at}  ${action.padEnd(28)}  ${target}  by ${by.name} (${by.keyId})${more}`
}
