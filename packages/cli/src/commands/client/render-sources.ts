import type { Citation } from '@weft/contracts'

export type LocatedCitation = Citation & { line?: number }

const shownQuoteMax = 200

/** Sources, in one line each: `[1] notes/tides.md:12 “quote”`, with the page instead of the line if the file has pages. */
export function renderSources(citations: LocatedCitation[]): string[] {
  return citations.map((citation) => `[${citation.index}] ${placeOf(citation)} “${shortened(citation.quote)}”`)
}

export function placeOf({
  filename,
  line,
  page,
}: {
  filename: string
  line?: number | undefined
  page?: number | undefined
}): string {
  const place = line === undefined ? filename : `${filename}:${line}`
  return page === undefined ? place : `${place} (page ${page})`
}

/** A text in one line: white space is collapsed, and the text is cut, but not inside a character. */
export function shortened(text: string, max = shownQuoteMax): string {
  const letters = [...text.replace(/\s+/g, ' ').trim()]
  return letters.length <= max ? letters.join('') : `${letters.slice(0, max - 1).join('')}…`
}

const degradedNotes: Record<string, string> = {
  offline_model:
    'answered by the built-in offline model, which only selects sentences from your files; set OPENAI_API_KEY or ANTHROPIC_API_KEY for Weft to get a written answer',
  no_evidence: 'nothing relevant was found in your files',
  database_unavailable: 'the database was not reachable, so no quote could be compared with your files',
  unsupported_citation: 'a citation that could not be verified was left out',
  unverified_dropped: 'sentences that nothing in your files supports were left out',
  unverified_marked: 'sentences marked [unverified] are not supported by your files',
  statements_cut: 'what other steps said did not fit the model and was cut',
  passage_cut: 'the last passage did not fit the model and was cut',
  conflicting_sources: 'your files contradict each other on this: the answer shows each side with its source',
  answer_truncated: 'the model stopped at its length limit: the answer is not whole',
  empty_answer: 'the model answered without a word: ask again, or another model',
  content_filter: 'the provider of the model withheld a part of the answer',
  passages_not_widened: 'the passages were read as they were found, without what stands around them',
  attachments_left_out: 'the model cannot see what the question came with',
  cheaper_model: 'a cheaper model answered, as the budget had no room for the one that was wished for',
  answer_shortened: 'the answer was kept short, as the budget had no room for more',
  clarification: 'Weft asks back before it works',
  unsupported: 'no agent of this mesh can do that',
}

/** Codes of the form `<code>:<name>`, which name what they are about. */
const namingNotes: Record<string, string> = {
  step_skipped: 'a step could not be done and was skipped',
  step_unused: 'what a step found could not be quoted and was left out',
  search_skipped: 'a part of the search was left out',
  passages_left_out: 'passages that did not fit the model were left out',
  no_source: 'without a source in your files is what this step says',
}

/** What an answer lacks, in words. Unknown codes are shown as they are. */
export function describeDegraded(degraded: string[]): string[] {
  return degraded.map((code) => {
    const [kind = '', name] = code.split(/:(.*)/s)
    const note = name === undefined ? undefined : namingNotes[kind]
    return note === undefined ? (degradedNotes[code] ?? code) : `${note}: ${name}`
  })
}
