import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { DocumentBlock } from '../core/document-block.ts'

const styles: Record<DocumentBlock['kind'], { font: 'regular' | 'bold'; size: number; color: string; indent: number }> = {
  title: { font: 'bold', size: 20, color: '#000000', indent: 0 },
  heading: { font: 'bold', size: 13, color: '#000000', indent: 0 },
  note: { font: 'regular', size: 8, color: '#666666', indent: 0 },
  text: { font: 'regular', size: 10, color: '#000000', indent: 0 },
  quote: { font: 'regular', size: 9, color: '#444444', indent: 18 },
  item: { font: 'regular', size: 9, color: '#000000', indent: 9 },
}

/** Lines longer than this are set in pieces, so that no piece holds the process up. */
const pieceCharsMax = 10_000

/**
 * Writes a document as PDF, in DejaVu Sans: Latin, Greek, Cyrillic, Hebrew, Arabic and symbols. pdfkit and its fonts are loaded by the first
 * document, because they take 30 MB; between lines other requests have their turn.
 */
export async function writePdf(blocks: DocumentBlock[], { title, to }: { title: string; to: Writable }): Promise<void> {
  const { default: PdfDocument } = await import('pdfkit')
  const require = createRequire(import.meta.url)
  const document = new PdfDocument({ size: 'A4', margin: 56, info: { Title: title, Producer: 'Weft', Creator: 'Weft' } })
  document.registerFont('regular', require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'))
  document.registerFont('bold', require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'))
  document.pipe(to)
  for (const { kind, text } of blocks) {
    const { font, size, color, indent } = styles[kind]
    document.font(font).fontSize(size).fillColor(color)
    for (const line of linesOf(text)) {
      if (to.destroyed) return
      document.text(line === '' ? ' ' : line, document.page.margins.left + indent)
      await setImmediate()
    }
    document.moveDown(0.6)
  }
  document.end()
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    // What no font shows would be drawn as boxes.
    const shown = line.replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    const count = Math.max(1, Math.ceil(shown.length / pieceCharsMax))
    return Array.from({ length: count }, (_, index) => shown.slice(index * pieceCharsMax, (index + 1) * pieceCharsMax))
  })
}
