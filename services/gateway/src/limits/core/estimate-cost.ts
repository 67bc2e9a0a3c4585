/** English prose runs at about four characters a token; what a call really used is corrected afterwards. */
const charsPerToken = 4
const depthMax = 12

/** Tokens a request may take: what its texts come to, and the longest answer it allows where it says so. */
export function estimateCost(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 0
  const texts = ['messages', 'input', 'instructions', 'tools'].map((name) => charsIn(Reflect.get(body, name), depthMax))
  const answer = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'].map((name) => Reflect.get(body, name))
  const longest = answer.find((value) => typeof value === 'number' && value > 0)
  const chars = texts.reduce((sum, each) => sum + each, 0)
  return Math.ceil(chars / charsPerToken) + (typeof longest === 'number' ? longest : 0)
}

/** Images and files travel as data URLs, and cost tokens by other measures than their length. */
function charsIn(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.startsWith('data:') ? 0 : value.length
  if (typeof value !== 'object' || value === null || depth === 0) return 0
  let chars = 0
  for (const part of Object.values(value)) chars += charsIn(part, depth - 1)
  return chars
}
