import { type Attributes, prefixed, readXml } from './read-xml.ts'

/** What a paragraph style says about structure. `headingLevel` counts from 1; the `numberingId` '0' removes a numbering. */
export type ParagraphStyle = { headingLevel?: number; numberingId?: string; numberingLevel?: number }

type OwnStyle = ParagraphStyle & { basedOn?: string }

/** The paragraph styles of a Word document by their ids, with what they inherit from other styles (ECMA-376 part 1, 17.7). */
export async function readDocxStyles(pieces: AsyncIterable<string>): Promise<(id: string) => ParagraphStyle> {
  const styles = new Map<string, OwnStyle>()
  let style: OwnStyle = {}
  await readXml(pieces, 'styles', {
    open(name, attributes) {
      if (name === 'style') {
        style = {}
        styles.set(prefixed(attributes, 'styleId') ?? '', style)
      } else readStyleProperty(style, name, attributes)
    },
  })
  return (id) => resolve(styles, id)
}

function readStyleProperty(style: OwnStyle, name: string, attributes: Attributes): void {
  const value = prefixed(attributes, 'val') ?? ''
  if (name === 'basedOn') style.basedOn = value
  else if (name === 'numId') style.numberingId = value
  else if (name === 'ilvl') style.numberingLevel = listLevelOf(value)
  else if (name === 'name') setHeadingLevel(style, headingLevelOfName(value))
  else if (name === 'outlineLvl') setHeadingLevel(style, headingLevelOfOutline(value))
}

function setHeadingLevel(style: OwnStyle, level: number | undefined): void {
  if (level !== undefined) style.headingLevel = level
}

/** In a file, Word's own styles have English names, whatever the language of the program is. */
function headingLevelOfName(name: string): number | undefined {
  if (/^title$/i.test(name)) return 1
  const level = /^heading ?([1-9])$/i.exec(name)?.[1]
  return level === undefined ? undefined : Number(level)
}

/** Levels count from 0; 9 means body text. */
export function headingLevelOfOutline(value: string): number | undefined {
  return /^[0-8]$/.test(value) ? Number(value) + 1 : undefined
}

/** Word's lists have nine levels, from 0. */
export function listLevelOf(value: string | undefined): number {
  return /^[0-8]$/.test(value ?? '') ? Number(value) : 0
}

/** A chain of inherited styles that is longer than this is circular. */
const chainMax = 20

function resolve(styles: Map<string, OwnStyle>, id: string): ParagraphStyle {
  const chain: OwnStyle[] = []
  let style = styles.get(id)
  while (style !== undefined && chain.length < chainMax) {
    chain.push(style)
    style = style.basedOn === undefined ? undefined : styles.get(style.basedOn)
  }
  const resolved: OwnStyle = {}
  for (const own of chain.toReversed()) Object.assign(resolved, own)
  const headingLevel = chain.length === 0 ? headingLevelOfName(id) : undefined
  return headingLevel === undefined ? resolved : { headingLevel }
}
