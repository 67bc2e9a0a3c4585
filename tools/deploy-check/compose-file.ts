import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { readText, readYaml } from './deploy-files.ts'

const Service = z.looseObject({
  image: z.string(),
  pull_policy: z.string().optional(),
  build: z.looseObject({ context: z.string(), dockerfile: z.string().optional() }).optional(),
  entrypoint: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  network_mode: z.string().optional(),
  networks: z.union([z.array(z.string()), z.record(z.string(), z.object({ aliases: z.array(z.string()) }))]).optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  restart: z.string().optional(),
})
export type ComposeService = z.infer<typeof Service>

const ComposeFile = z.looseObject({ services: z.record(z.string(), Service), volumes: z.record(z.string(), z.unknown()) })

export function readCompose(): z.infer<typeof ComposeFile> {
  return readYaml('docker-compose.yml', ComposeFile)
}

/** The `.env` that the one line in `.env.example` makes, run by a shell as a user would, and the file's mode. */
export function makeEnvironment(): { variables: Record<string, string>; mode: number } {
  const line = /^# {3}(\(umask .*\))$/m.exec(readText('.env.example'))?.[1]
  if (line === undefined) throw new TypeError('.env.example does not say how to make .env')
  const folder = mkdtempSync(join(tmpdir(), 'weft-env-'))
  try {
    writeFileSync(join(folder, '.env.example'), readText('.env.example'))
    execFileSync('sh', ['-c', line], { cwd: folder })
    const path = join(folder, '.env')
    return { variables: parseEnvironment(readFileSync(path, 'utf8')), mode: statSync(path).mode & 0o777 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function parseEnvironment(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z]/.test(line))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?why}` as Compose fills them in. Throws for a variable that is required and not set. */
export function interpolate(text: string, variables: Record<string, string>): string {
  return [...text.matchAll(/\$\{([A-Z_]+)(?:(:[-?])([^}]*))?\}/g)].reduce((filled, [whole, name = '', operator, rest = '']) => {
    const value = variables[name] ?? ''
    if (value === '' && operator === ':?') throw new TypeError(`${name}: ${rest}`)
    return filled.replace(whole, value === '' && operator === ':-' ? rest : value)
  }, text)
}

/** The environment a container starts with; a variable without a value is handed on when it is set. */
export function environmentOf({ environment }: ComposeService, variables: Record<string, string>): Record<string, string> {
  const filled = Object.entries(environment).map(([name, value]) => [
    name,
    value === null ? (variables[name] ?? '') : interpolate(value, variables),
  ])
  return Object.fromEntries(filled)
}

/** The value of `--name=value` among a program's arguments. */
export function flagOf({ entrypoint, command }: ComposeService, name: string): string | undefined {
  const args = [...entrypoint, ...command]
  const joined = args.find((arg) => arg.startsWith(`--${name}=`))
  if (joined !== undefined) return joined.slice(name.length + 3)
  const at = args.indexOf(`--${name}`)
  return at === -1 ? undefined : args[at + 1]
}
