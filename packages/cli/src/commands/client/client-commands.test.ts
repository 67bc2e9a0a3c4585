import { describe, expect, it } from '@jest/globals'
import { Command } from 'commander'
import { registerApprovals } from './approvals.ts'
import { registerAsk } from './ask.ts'
import { registerAudit } from './audit.ts'
import { registerBudgets } from './budgets.ts'
import { registerEmbeddings } from './embeddings.ts'
import { registerIngest } from './ingest.ts'
import { registerKeys } from './keys.ts'
import { registerModels } from './models.ts'
import { registerSearch } from './search.ts'
import { registerSessions } from './sessions.ts'
import { registerSettings } from './settings.ts'
import { registerUsage } from './usage.ts'

describe('wrong usage is said before anything is asked of the mesh', () => {
  it.each([
    ['ask', ['ask', '   '], /question is empty/],
    ['a session id', ['ask', 'why?', '--session', 'a.b'], /--session: use letters/],
    ['a mode', ['ask', 'why?', '--mode', 'two words'], /--mode needs/],
    ['a store name', ['ask', 'why?', '--store', ' '], /--store needs a name/],
    ['an empty query', ['search', ''], /query is empty/],
    ['a limit', ['search', 'tides', '--limit', '51'], /--limit needs a whole number from 1 to 50/],
    ['a store name', ['ingest', '.', '--store', 'x'.repeat(257)], /--store needs a name/],
    ['a scope', ['keys', 'create', '--scopes', 'chat,root'], /--scopes knows chat, approve, admin, not "root"/],
    ['a role', ['keys', 'create', '--role', 'two words'], /--role needs letters/],
    ['a limit', ['budgets', 'set', '--scope', 'tenant', '--limit', 'five'], /--limit: /],
    ['a negative limit', ['budgets', 'set', '--scope', 'tenant', '--limit=-1'], /--limit: a budget is 0 or more/],
    ['whose budget', ['budgets', 'set', '--scope', 'user', '--limit', '5'], /--id: .* needs the id of the user/],
    ['a breach', ['budgets', 'set', '--scope', 'tenant', '--limit', '5', '--on-breach', 'shrug'], /--on-breach: /],
    ['a setting', ['settings', 'set', 'routeing=off'], /no setting "routeing"; there are models, defaultModel, routing/],
    ['a value', ['settings', 'set', 'routing=off', 'hedging=maybe'], /hedging: on or off/],
    ['no value', ['settings', 'set', 'routing'], /"routing" is not <name>=<value>/],
    ['a limit', ['settings', 'set', 'tenantConcurrency=0'], /tenantConcurrency: a whole number from 1/],
    ['a setting', ['settings', 'reset', 'all'], /no setting "all"/],
    ['what is added up', ['usage', '--by', 'day,nonsense'], /--by knows model, .*, not "nonsense"/],
    ['a time', ['usage', '--from', 'yesterday'], /"yesterday" is no day/],
    ['a status', ['sessions', 'list', '--status', 'odd'], /--status knows running/],
    ['a format', ['sessions', 'export', 'sess_1', '--format', 'doc'], /--format is one of json, md, pdf/],
    ['a turn', ['sessions', 'fork', 'sess_1', '--turn', '0'], /--turn needs/],
    ['a time', ['approvals', 'snooze', 'appr_a.1', 'later'], /"later" is no time/],
    ['a change', ['approvals', 'modify', 'appr_a.1'], /either --params or --plan/],
    ['two changes', ['approvals', 'modify', 'appr_a.1', '--params', '{}', '--plan', '{}'], /either --params or --plan/],
    ['JSON', ['approvals', 'modify', 'appr_a.1', '--params', '{'], /--params is not valid JSON/],
  ])('for %s (%j)', async (_, argv, message) => {
    await expect(run(argv)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
  })

  it.each([
    [['ingest']],
    [['ask']],
    [['ask', 'why?', '--unknown']],
    [['keys', 'revoke']],
    [['approvals', 'reject', 'appr_a.1']],
    [['approvals', 'show']],
  ])('by the parser for %j', async (argv) => {
    await expect(run(argv)).rejects.toMatchObject({ code: expect.stringMatching(/^commander\./) })
  })
})

describe('without a verb, approvals and sessions are listed', () => {
  it.each([[['approvals', '--limit', '0']], [['sessions', '--limit', '0']]])('for %j', async (argv) => {
    await expect(run(argv)).rejects.toMatchObject({ message: expect.stringContaining('--limit needs') })
  })
})

it('leaves --json and all other options behind a verb to the verb: what has verbs has no options of its own', () => {
  const withVerbs = createProgram().commands.filter(({ commands }) => commands.length > 0)
  expect(withVerbs.map((command) => command.name())).toContain('usage')
  for (const { options } of withVerbs) expect(options).toEqual([])
})

async function run(argv: string[]): Promise<void> {
  await createProgram().parseAsync(argv, { from: 'user' })
}

function createProgram(): Command {
  const program = new Command('weft').exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  for (const register of [
    registerApprovals,
    registerAsk,
    registerAudit,
    registerBudgets,
    registerEmbeddings,
    registerIngest,
    registerKeys,
    registerModels,
    registerSearch,
    registerSessions,
    registerSettings,
    registerUsage,
  ])
    register(program)
  return program
}
