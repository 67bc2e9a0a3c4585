import { readFileSync } from 'node:fs'
import { load, YAMLException } from 'js-yaml'
import type { z } from 'zod'
import { findYamlLine } from './find-yaml-line.ts'
import { SettingsError } from './read-settings.ts'

/** Reads a YAML file against a schema. Throws SettingsError naming the file, the line and the field of everything that is wrong. */
export function loadYaml<T extends z.ZodType>(path: string, schema: T): z.infer<T> {
  const source = readSource(path)
  const parsed = schema.safeParse(parseSource(source, path))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    const field = issue.path.map(String).join('.')
    return `${path}:${findYamlLine(source, issue.path)} ${field === '' ? issue.message : `${field}: ${issue.message}`}`
  })
  throw new SettingsError(`${path} is not usable`, problems)
}

function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new SettingsError(`${path} is not readable`, [messageOf(cause)], cause)
  }
}

function parseSource(source: string, path: string): unknown {
  try {
    return load(source)
  } catch (cause) {
    const isMarked = cause instanceof YAMLException && cause.mark !== undefined
    // Marks count lines from 0.
    const problem = isMarked ? `${path}:${(cause.mark?.line ?? 0) + 1} ${cause.reason}` : `${path} ${messageOf(cause)}`
    throw new SettingsError(`${path} is not YAML`, [problem], cause)
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
