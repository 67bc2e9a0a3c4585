import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import type { z } from 'zod'
import { SettingsError } from './read-settings.ts'

/** Reads a YAML file against a schema. Throws SettingsError naming the file and the field that is wrong. */
export function loadYaml<T extends z.ZodType>(path: string, schema: T): z.infer<T> {
  const parsed = schema.safeParse(parseYaml(path))
  if (parsed.success) return parsed.data
  throw new SettingsError(parsed.error.issues.map((issue) => `${path}: '${issue.path.map(String).join('.')}' ${issue.message}`))
}

function parseYaml(path: string): unknown {
  try {
    return load(readFileSync(path, 'utf8'), { filename: path })
  } catch (cause) {
    throw new SettingsError([`${path}: ${cause instanceof Error ? cause.message : String(cause)}`])
  }
}
