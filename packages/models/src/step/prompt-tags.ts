export interface PromptSource {
  /** The number by which the answer cites it, from 1. */
  id: number
  title: string
  text: string
  /** The subject that it was found for, when several are compared. */
  about?: string | undefined
}

export interface PromptStatement {
  /** The step that says it. */
  by: string
  text: string
}

export function tagged(tag: string, lines: string[]): string {
  return [`<${tag}>`, ...lines, `</${tag}>`].join('\n')
}

export function formatStatement({ by, text }: PromptStatement): string {
  return `<statement by="${escapeAttribute(by)}">\n${escapeTags(text)}\n</statement>`
}

export function formatSource({ id, title, text, about }: PromptSource): string {
  const subject = about === undefined ? '' : ` about="${escapeAttribute(about)}"`
  return `<source id="${id}" title="${escapeAttribute(title)}"${subject}>\n${escapeTags(text)}\n</source>`
}

/** Reads sources back from a text in which {@link formatSource} wrote them. */
export function readSources(text: string): PromptSource[] {
  return [...text.matchAll(source)].map(([, id, title, about, content]) => ({
    id: Number(id),
    title: unescapeAttribute(title ?? ''),
    text: unescapeTags(content ?? ''),
    ...(about === undefined ? {} : { about: unescapeAttribute(about) }),
  }))
}

/** Reads statements back from a text in which {@link formatStatement} wrote them. */
export function readStatements(text: string): PromptStatement[] {
  return [...text.matchAll(statement)].map(([, by, content]) => ({
    by: unescapeAttribute(by ?? ''),
    text: unescapeTags(content ?? ''),
  }))
}

const statement = /<statement by="([^"]*)">\n([\s\S]*?)\n<\/statement>/g
const source = /<source id="(\d+)" title="([^"]*)"(?: about="([^"]*)")?>\n([\s\S]*?)\n<\/source>/g

/** Only the prompt's own tags are escaped, and text that looks like an escaped one; everything else reaches the model as it is. */
const tagName = String.raw`\s*(?:\/\s*)?(?:sources?|statements?|missing|unsearched|question)\b`
const escapedName = `(?:amp;)*lt;${tagName}`
const plain = { tag: new RegExp(`<(?=${tagName})`, 'gi'), escapedTag: new RegExp(`&(?=${escapedName})`, 'gi') }
const escaped = { tag: new RegExp(`&lt;(?=${tagName})`, 'gi'), escapedTag: new RegExp(`&amp;(?=${escapedName})`, 'gi') }

export function escapeTags(text: string): string {
  return text.replace(plain.escapedTag, '&amp;').replace(plain.tag, '&lt;')
}

export function unescapeTags(text: string): string {
  return text.replace(escaped.tag, '<').replace(escaped.escapedTag, '&')
}

function escapeAttribute(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

function unescapeAttribute(text: string): string {
  return text.replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
