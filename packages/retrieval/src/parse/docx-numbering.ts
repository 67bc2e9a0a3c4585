import { listLevelOf } from './docx-styles.ts'
import { type Attributes, prefixed, readXml } from './read-xml.ts'

/** Answers the label of the next paragraph of a list: `1.`, `2.3`, or `-` for a bullet; undefined when the document defines none. */
export type DocxNumbering = (numberingId: string, level: number) => string | undefined

type Level = { format: string; template: string; start: number }
type Definition = { levels: Map<number, Level> }
type Instance = { definitionId: string; starts: Map<number, number> }

/** Reads the numberings of a Word document (ECMA-376 part 1, 17.9). The function that it answers counts its calls, so they must be in the order of the text. */
export async function readDocxNumbering(pieces: AsyncIterable<string>): Promise<DocxNumbering> {
  const definitions = new Map<string, Definition>()
  const instances = new Map<string, Instance>()
  const place: Place = { definition: { levels: new Map() }, instance: undefined, level: undefined, overridden: 0 }
  await readXml(pieces, 'numbering', {
    open(name, attributes) {
      if (name === 'abstractNum') {
        place.definition = { levels: new Map() }
        definitions.set(prefixed(attributes, 'abstractNumId') ?? '', place.definition)
      } else if (name === 'num') {
        place.instance = { definitionId: '', starts: new Map() }
        instances.set(prefixed(attributes, 'numId') ?? '', place.instance)
      } else readProperty(place, name, attributes)
    },
    close(name) {
      if (name === 'num') place.instance = undefined
      if (name === 'lvl') place.level = undefined
    },
  })
  return createCounter(definitions, instances)
}

type Place = { definition: Definition; instance: Instance | undefined; level: Level | undefined; overridden: number }

function readProperty(place: Place, name: string, attributes: Attributes): void {
  const value = prefixed(attributes, 'val') ?? ''
  const { instance, level } = place
  if (instance !== undefined) {
    if (name === 'abstractNumId') instance.definitionId = value
    else if (name === 'lvlOverride') place.overridden = listLevelOf(prefixed(attributes, 'ilvl'))
    else if (name === 'startOverride') instance.starts.set(place.overridden, Number(value))
  } else if (name === 'lvl') {
    place.level = { format: 'decimal', template: '', start: 1 }
    place.definition.levels.set(listLevelOf(prefixed(attributes, 'ilvl')), place.level)
  } else if (level !== undefined) {
    if (name === 'numFmt') level.format = value
    else if (name === 'lvlText') level.template = value
    else if (name === 'start') level.start = Number(value)
  }
}

/** Makes the counter. Lists of the same definition continue each other's numbers, unless one says where it starts. */
function createCounter(definitions: Map<string, Definition>, instances: Map<string, Instance>): DocxNumbering {
  const counts = new Map<string, number[]>()
  const begun = new Set<string>()
  return (numberingId, level) => {
    const instance = instances.get(numberingId)
    const definition = definitions.get(instance?.definitionId ?? '')
    const own = definition?.levels.get(level)
    if (instance === undefined || definition === undefined || own === undefined) return undefined
    if (own.format === 'bullet' || own.format === 'none') return '-'
    const counters = counts.get(instance.definitionId) ?? []
    counts.set(instance.definitionId, counters)
    if (!begun.has(numberingId) && instance.starts.size > 0) counters.length = 0
    begun.add(numberingId)
    const startOf = (at: number) => instance.starts.get(at) ?? definition.levels.get(at)?.start ?? 1
    for (let above = 0; above < level; above++) counters[above] ??= startOf(above)
    counters[level] = (counters[level] ?? startOf(level) - 1) + 1
    counters.length = level + 1
    return labelOf(definition, own, counters)
  }
}

function labelOf(definition: Definition, own: Level, counters: number[]): string {
  const label = own.template.replace(/%([1-9])/g, (_, digit: string) => {
    const at = Number(digit) - 1
    return numeral(counters[at] ?? 1, definition.levels.get(at)?.format ?? 'decimal')
  })
  return label.trim() === '' ? '-' : label.trim().slice(0, 40)
}

/** A number in one of the formats of Western lists; in digits for any other format. */
function numeral(count: number, format: string): string {
  if (format === 'lowerLetter') return letters(count)
  if (format === 'upperLetter') return letters(count).toUpperCase()
  if (format === 'lowerRoman') return roman(count)
  if (format === 'upperRoman') return roman(count).toUpperCase()
  return format === 'decimalZero' && count < 10 ? `0${count}` : String(count)
}

/** a, b, … z, aa, bb, …: after z, Word repeats the letter. */
function letters(count: number): string {
  const letter = String.fromCharCode(97 + ((Math.max(count, 1) - 1) % 26))
  return letter.repeat(Math.min(Math.ceil(Math.max(count, 1) / 26), 10))
}

const romanParts: [number, string][] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
]

function roman(count: number): string {
  if (count < 1 || count > 3_999) return String(count)
  let left = count
  let out = ''
  for (const [value, mark] of romanParts) {
    for (; left >= value; left -= value) out += mark
  }
  return out
}
