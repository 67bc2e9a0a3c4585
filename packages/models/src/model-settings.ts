/** The environment variables the registry names, such as OPENAI_API_KEY, and those of Weft's choices among models; all others are ignored. */
export type ModelSettings = Readonly<Record<string, unknown>>

/** A setting's text without the space around it, or a number's digits; undefined where there is none. */
export function textSetting(settings: ModelSettings, variable: string | undefined): string | undefined {
  const value = variable === undefined ? undefined : settings[variable]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
