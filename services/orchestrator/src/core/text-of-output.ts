/** The text of a step's output: itself, its field `text`, else its JSON. */
export function textOfOutput(output: unknown): string {
  if (output === undefined) return ''
  if (typeof output === 'string') return output
  if (typeof output === 'object' && output !== null && 'text' in output && typeof output.text === 'string') return output.text
  return JSON.stringify(output)
}
