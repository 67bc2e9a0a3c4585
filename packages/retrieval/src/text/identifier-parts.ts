/** How many identifiers of a text are taken apart. */
const identifiersMax = 2_000
const identifier = /[\p{L}_$][\p{L}\p{N}_$]{2,120}/gu

/**
 * The parts of the identifiers in a text, such as `maven settings` for `MavenSettings` and `user id` for `user_id`, so that a question in plain words finds code. Each
 * identifier counts as often as it occurs. Empty for a text without any.
 */
export function identifierParts(text: string): string {
  const parts: string[] = []
  for (const [name] of text.matchAll(identifier)) {
    if (parts.length === identifiersMax) break
    const apart = takeApart(name)
    if (apart.includes(' ')) parts.push(apart)
  }
  return parts.join(' ')
}

function takeApart(name: string): string {
  return name
    .replaceAll(/[_$]+/g, ' ')
    .replaceAll(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1 $2')
    .trim()
}
