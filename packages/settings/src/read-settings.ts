import type { z } from 'zod'

/** Settings a process cannot run with. The message has one line for everything that is wrong, so that one look suffices. */
export class SettingsError extends Error {
  readonly code = 'invalid_settings'
  readonly isRetryable = false
  readonly problems: readonly string[]

  constructor(what: string, problems: string[], cause?: unknown) {
    super(`${what}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, { cause })
    this.name = 'SettingsError'
    this.problems = problems
  }
}

/**
 * Parses environment variables; an empty variable counts as absent. The only place that reads `process.env`.
 * Throws SettingsError naming every variable that is missing or wrong, with what it should be.
 */
export function readSettings<T extends z.ZodType>(schema: T, environment: NodeJS.ProcessEnv = process.env): z.infer<T> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => describeVariable(issue, given))
  throw new SettingsError('the environment is not usable', [...new Set(problems)])
}

function describeVariable(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(issue.path[0] ?? '')
  const value = given[name]
  if (name === '') return issue.message
  if (value === undefined) return `${name} is not set: ${issue.message}`
  return maySayValue(name) ? `${name}: ${issue.message}, not '${value.slice(0, valueCharsMax)}'` : `${name}: ${issue.message}`
}

const valueCharsMax = 80

/** These end up in logs: a token, a key, or a URL with a password in it must not. */
function maySayValue(name: string): boolean {
  return !/TOKEN|KEY|SECRET|PASSWORD|URL|ENDPOINT|HEADERS/.test(name)
}
