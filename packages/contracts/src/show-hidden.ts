/**
 * Characters that reorder or hide text, and those that steer a terminal, by their number: what an approver reads must be what is there
 * (Boucher and Anderson, "Trojan Source", 2021).
 */
export function showHidden(text: string): string {
  return text.replace(/(?![\t\n\r])[\p{Cc}\p{Cf}]/gu, (character) => {
    return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
  })
}
