const greeting = /^(hi|hello|hey|hallo|good (morning|afternoon|evening)|greetings|moin|salut|hola)\b[\s\p{L},]{0,24}[.!?\s]*$/iu
const thanks =
  /^(?:(?:ok(?:ay)?|great|perfect|nice|cool|alright|fine)[\s!.,]+)*(thanks|thank you|thx|cheers|danke|merci|gracias)\b[\s\p{L},]{0,24}[.!?\s]*$/iu
const introduction = /^(who|what) are you\b|^what can you do\b|^help[.!?\s]*$/i

/** What the offline model can answer without sources: a greeting, who it is, or that it knows nothing of its own. */
export function answerDirectly(question: string): string[] {
  const asked = question.trim()
  if (greeting.test(asked))
    return ['Hello!', 'I am Weft’s offline model: I answer questions from documents you have ingested, with citations.']
  if (thanks.test(asked)) return ['You are welcome.']
  if (introduction.test(asked)) {
    return [
      'I am Weft’s offline extractive model.',
      'I select sentences from the documents you have ingested and cite them; I write nothing of my own and need neither key nor network.',
      'Ingest a folder with `npx weft ingest <folder>` and ask about it, or set a provider’s key, such as OPENAI_API_KEY or ANTHROPIC_API_KEY, for a language model.',
    ]
  }
  return [
    'I am the offline extractive model, so I cannot answer this from general knowledge.',
    'What would help: ingest documents that cover it (`npx weft ingest <folder>`) and ask again, or set a provider’s key, such as OPENAI_API_KEY or ANTHROPIC_API_KEY, so that a language model answers.',
  ]
}
