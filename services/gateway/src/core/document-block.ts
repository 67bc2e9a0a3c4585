/** A part of a document, from the top. */
export interface DocumentBlock {
  kind: 'title' | 'note' | 'heading' | 'text' | 'quote' | 'item'
  text: string
}
