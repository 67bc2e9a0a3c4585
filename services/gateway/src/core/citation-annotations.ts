import type { Citation } from '@weft/contracts'

/** The citations of an answer as annotations of its text: each marker `[n]` names its file, at its place in Unicode code points. */
export function citationAnnotations(text: string, citations: Citation[]): object[] {
  const cited = new Map(citations.map((citation) => [citation.index, citation]))
  return Array.from(text.matchAll(/\[(\d{1,4})\]/g)).flatMap((marker) => {
    const citation = cited.get(Number(marker[1]))
    if (citation === undefined) return []
    const index = Array.from(text.slice(0, marker.index)).length
    return [{ type: 'file_citation', file_id: citation.fileId, filename: citation.filename, index }]
  })
}
