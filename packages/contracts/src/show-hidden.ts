/**
 * Shows every control character and every invisible or reordering character by its number, as `[U+202E]`; tabs and ends of lines stay. For text by which somebody
 * decides: what an approver reads must be all that is there (Boucher and Anderson, "Trojan Source", 2021).
 */
export function showHidden(text: string): string {
  return text.replace(/(?![\t\n\r])[\p{Cc}\p{Cf}]/gu, (character) => {
    return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
  })
}
