import { type ChatMessage, messageText } from '@weft/contracts'

/** English prose has about four characters a token. Used only when the provider did not count. */
const charsPerToken = 4

export function estimateTokens(chars: number): number {
  return Math.ceil(chars / charsPerToken)
}

/** For text that has to fit, fewer characters a token are reckoned: code, tables and most other languages need more tokens than English prose. */
const charsPerTokenSafely = 3

/** How many characters surely fit into so many tokens, unless the text is mostly East Asian. */
export function charsThatFit(tokens: number): number {
  return Math.max(0, tokens * charsPerTokenSafely)
}

/** The estimated input tokens of a conversation, tool calls included. */
export function estimateInputTokens(messages: ChatMessage[]): number {
  let chars = 0
  for (const message of messages) {
    chars += messageText(message).length
    if (message.tool_calls !== undefined) chars += JSON.stringify(message.tool_calls).length
  }
  return estimateTokens(chars)
}
