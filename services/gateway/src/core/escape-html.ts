import { showHidden } from '@weft/contracts'

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as HTML; what would reorder or hide it is shown. */
export function escapeHtml(text: string): string {
  return showHidden(text.replace(/[&<>"']/g, (character) => escapes[character] ?? ''))
}
