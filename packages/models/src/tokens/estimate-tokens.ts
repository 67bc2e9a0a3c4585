import { type ChatMessage, messageText } from '@weft/contracts'

/** English prose runs at about four characters a token; used only when the provider did not count. */
const charsPerToken = 4

export function estimateTokens(chars: number): number {
  return Math.ceil(chars / charsPerToken)
}

/** Code, tables and most other languages need more tokens than English prose; what has to fit is reckoned with fewer characters each. */
const charsPerTokenSafely = 3

/** How many characters surely fit so many tokens, of texts that are not mostly East Asian. */
export function charsThatFit(tokens: number): number {
  return Math.max(0, tokens * charsPerTokenSafely)
}

/** Estimated input tokens of a conversation, tool calls included. */
export function estimateInputTokens(messages: ChatMessage[]): number {
  let chars = 0
  for (const message of messages) {
    chars += messageText(message).length
    if (message.tool_calls !== undefined) chars += JSON.stringify(message.tool_calls).length
  }
  return estimateTokens(chars)
}
