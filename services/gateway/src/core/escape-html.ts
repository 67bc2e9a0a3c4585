const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * Text as HTML. Characters that reorder or hide text are shown by their number: what an approver reads must be what is there
 * (Boucher and Anderson, "Trojan Source", 2021).
 */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => escapes[character] ?? '')
    .replace(/(?![\t\n\r])[\p{Cc}\p{Cf}]/gu, (character) => {
      return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
    })
}
