import PDFDocument from 'pdfkit'

/** A PDF with a page for each of these texts. */
export function makePdf(pages: string[], options: object = {}): Promise<Uint8Array> {
  const document = new PDFDocument({ autoFirstPage: false, ...options })
  for (const text of pages) document.addPage().fontSize(12).text(text)
  return finishPdf(document)
}

/** Ends a document and answers its bytes. */
export function finishPdf(document: PDFKit.PDFDocument): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  document.on('data', (part: Uint8Array) => parts.push(part))
  return new Promise((resolve) => {
    document.on('end', () => resolve(new Uint8Array(Buffer.concat(parts))))
    document.end()
  })
}
