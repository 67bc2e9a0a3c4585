import type { ChatMessage } from '@weft/contracts'
import type { ModelInfo } from '../registry/catalog.ts'
import { partNeeds } from '../routing/request-needs.ts'

/** Whether a model can take an attachment. One that the registry does not know may take any; one that it knows takes no attachment of an unknown kind. */
export function isSeen(attachment: { type: string }, model: ModelInfo | undefined): boolean {
  const [need] = partNeeds([{ role: 'user', content: [attachment] }])
  return model?.capabilities === undefined || (need !== undefined && model.capabilities.includes(need.capability))
}

/** Takes the place of a message that would be empty, because some providers refuse one. */
const nothingShown = '(What came with this message cannot be shown to you.)'

/** A conversation without the attachments that a model cannot take. `isWhole`: whether nothing was left out. */
export function showMessages(
  messages: ChatMessage[],
  model: ModelInfo | undefined,
): { messages: ChatMessage[]; isWhole: boolean } {
  let isWhole = true
  const shown = messages.map((message): ChatMessage => {
    const { role, content } = message
    if (role !== 'user' || !Array.isArray(content)) return message
    const parts = content.filter((part) => part.type === 'text' || isSeen(part, model))
    if (parts.length === content.length) return message
    isWhole = false
    return { ...message, content: parts.length === 0 ? nothingShown : parts }
  })
  return { messages: shown, isWhole }
}
