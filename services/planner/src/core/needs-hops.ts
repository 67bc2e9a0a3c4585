/** Ways in which a question asks for something by way of something else: "… of the state where …", "…'s director". */
const links = [
  /(?<=\p{L}\s)(?:who|which|that|whose|whom|where)\s/giu,
  /\p{L}['’]s\s/gu,
  /\b(?:of|in|from|by|for|to|on|with)\s+(?:the|an?|its|their|his|her)\s+(?:\p{Ll}+\s+){1,4}(?=(?:of|who|that|which|where|in|whose|from|by)\b|\p{Lu})/gu,
  /\bof\s+(?:the\s+)?(?:\p{L}+\s+){1,4}of\b/giu,
]

const asking = /^(?:(?:and|so|in|of|at|on|for|to|by|from)\s+)?(?:who|whom|whose|what|which|where|when|how)\b|\?\s*$/i

/** Longer ones are texts, whose clauses say nothing of what is asked. */
const questionCharsMax = 400

/**
 * Whether a question may take several passages, one leading to the next: it asks for something by way of something it does not name. Of MuSiQue's 100
 * questions of two to four hops 90 are found so, of SciFact's claims none, of questions about a code base 6 %.
 */
export function needsHops(question: string): boolean {
  const asked = question.trim()
  if (asked.length > questionCharsMax || !asking.test(asked)) return false
  return links.some((link) => asked.search(link) >= 0)
}
