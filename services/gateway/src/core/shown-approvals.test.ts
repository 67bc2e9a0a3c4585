import { expect, it } from '@jest/globals'
import { approvalOf } from '../testing/approvals.ts'
import { approvalPage } from './approval-page.ts'
import { describePause } from './describe-pause.ts'
import { approvalMail } from './notification-mail.ts'

const approval = approvalOf({ args: { amount: '\u202e05' }, reason: 'As \u200bagreed.', action: 'pay\u001b[2K' })

it.each([
  ['the page', approvalPage(approval, { problem: 'It is too late.' })],
  ['a letter', approvalMail(approval, { url: 'https://weft.example/x', expiresAt: '2026-01-02T00:00:00Z' }).text],
  ['a chat', describePause({ sessionId: 's', pending: [approval], isQueued: false, linkOf: () => 'https://weft.example/x' })],
])('%s shows an approver what an agent would have hidden or turned around', (_where, text) => {
  for (const part of ['[U+202E]05', 'As [U+200B]agreed.']) expect(text).toContain(part)
  expect(text).toMatch(/pay\[U\+001B\]\[2K/)
  expect(text).not.toMatch(/(?![\t\n\r])[\p{Cc}\p{Cf}]/u)
})
