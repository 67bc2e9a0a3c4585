import { expect, it } from '@jest/globals'
import { contentOfBody, contentOfRequest } from './call-content.ts'

const tokensOfMedia = (...content: object[]) => {
  const messages = [{ role: 'user' as const, content: content.map((part) => ({ type: 'text', ...part })) }]
  const body = { model: 'x/y', messages }
  const { mediaTokens } = contentOfBody(body, JSON.stringify(body))
  expect(contentOfRequest(body).mediaTokens).toBe(mediaTokens)
  return mediaTokens
}
const image = (url: string) => ({ type: 'image_url', image_url: { url } })

it('an image counts with as many tokens as any model makes of one, wherever it lies, a file with a whole window', () => {
  expect(tokensOfMedia({ text: 'Hello' })).toBe(0)
  expect(tokensOfMedia(image('https://example.org/a.png'), image('http://example.org/b.png'))).toBe(2 * 48_169)
  expect(tokensOfMedia(image(`data:image/png;base64,${'A'.repeat(978)}`))).toBe(47_169)
  expect(tokensOfMedia(image(`data:image/png;base64,${'A'.repeat(100_000)}`))).toBe(0)
  expect(tokensOfMedia({ type: 'file', file: { file_id: 'file-1' } })).toBe(2_097_152)
  expect(tokensOfMedia({ type: 'file', file: { file_data: 'data:application/pdf;base64,AA==' } })).toBe(2_097_152)
})

it('the text that is counted is that of all messages, of their calls and of the tools', () => {
  const { inputText } = contentOfBody(
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }, image('https://example.org/a.png')] },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] },
      ],
      tools: [{ type: 'function' }],
    },
    '',
  )
  expect(inputText?.()).toBe('Be brief.\nHi\n[{"id":"c"}]\n[{"type":"function"}]')
})
