import type { DocumentBlock } from './document-block.ts'

export function documentMarkdown(blocks: DocumentBlock[]): string {
  return `${blocks.map(renderBlock).join('\n\n')}\n`
}

function renderBlock({ kind, text }: DocumentBlock): string {
  switch (kind) {
    case 'title':
      return `# ${text}`
    case 'heading':
      return `## ${text}`
    case 'note':
      return `_${text}_`
    case 'quote':
      return text
        .split('\n')
        .map((line) => `> ${line}`)
        .join('\n>\n')
    case 'item':
      return `- ${text}`
    case 'text':
      return text
  }
}
