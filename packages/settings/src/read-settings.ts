import type { z } from 'zod'

/** The environment does not hold what a process needs. The message lists every variable that is wrong. */
export class SettingsError extends Error {
  readonly code = 'invalid_settings'
  readonly isRetryable = false

  constructor(problems: string[]) {
    super(`the environment is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'SettingsError'
  }
}

/**
 * Parses environment variables; an empty variable counts as absent. The only place that reads `process.env`.
 * Throws SettingsError naming every variable that is missing or wrong.
 */
export function readSettings<T extends z.ZodType>(schema: T, environment: NodeJS.ProcessEnv = process.env): z.infer<T> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.map(String).join('.')
    return name in given ? `${name}: ${issue.message}` : `${name} is not set: ${issue.message}`
  })
  throw new SettingsError([...new Set(problems)])
}
