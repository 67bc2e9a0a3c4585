/** Environment variables: those that the registry names, such as OPENAI_API_KEY, and Weft's own on models. All others are ignored. */
export type ModelSettings = Readonly<Record<string, unknown>>

/** A setting as trimmed text; undefined when it is not set or empty. */
export function textSetting(settings: ModelSettings, variable: string | undefined): string | undefined {
  const value = variable === undefined ? undefined : settings[variable]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
