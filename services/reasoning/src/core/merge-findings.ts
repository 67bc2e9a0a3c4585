import type { Citation } from '@weft/contracts'
import { type Evidence, type Finding, holds, inTurns } from './gather-findings.ts'

/** What a step says, its citations numbered as the merged evidence is; one without a number has no source. */
export interface Statement {
  by: string
  text: string
  isCited: boolean
}

export interface MergedFindings {
  /** Each passage once; citations number it from 1. */
  evidence: Evidence[]
  statements: Statement[]
}

/** The findings of several steps as one: their passages in turns, and what each says with the numbers those passages have now. */
export function mergeFindings(findings: Finding[]): MergedFindings {
  const evidence = inTurns(findings)
  const statements = findings.flatMap(({ stepId, text, citations }): Statement[] => {
    if (text === undefined || text.trim() === '') return []
    const renumbered = renumber(text, citations, evidence)
    return [{ by: stepId, text: renumbered, isCited: marker.test(renumbered) }]
  })
  return { evidence, statements }
}

const marker = /\[\d{1,3}\]/
const markers = /( ?)\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]/g

/** A number that stands for no quote is left out, as it would stand for another's here. */
function renumber(text: string, citations: Citation[], evidence: Evidence[]): string {
  return text.replace(markers, (_marker, space: string, list: string) => {
    const numbers = list.split(/[,;]/).flatMap((number) => {
      const citation = citations.find(({ index }) => index === Number(number))
      const at = citation === undefined ? -1 : evidence.findIndex(({ passage }) => holds(passage, citation))
      return at === -1 ? [] : [at + 1]
    })
    return numbers.length === 0 ? '' : space + [...new Set(numbers)].map((number) => `[${number}]`).join('')
  })
}
