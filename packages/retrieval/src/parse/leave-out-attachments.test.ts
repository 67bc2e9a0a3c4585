import { expect, it } from '@jest/globals'
import { leaveOutAttachments } from './leave-out-attachments.ts'

const lean = (lines: string[], end = '\r\n') =>
  Buffer.from(leaveOutAttachments(Buffer.from(lines.join(end))))
    .toString()
    .split(end)

const base64 = 'Content-Transfer-Encoding: base64'
const bytes = ['AAAA', 'BBBB']
const text = ['--b', 'Content-Type: text/plain', base64, '', ...bytes]
const inner = ['--b', 'Content-Type: message/rfc822', '', 'Subject: Inner', 'Content-Type: multipart/mixed; boundary=c', '']
const png = (boundary: string, ...body: string[]) => [
  `--${boundary}`,
  'content-type: image/png',
  base64.toLowerCase(),
  '',
  ...body,
]

it.each(['\r\n', '\n'])(
  'what is attached in base64 goes, its headers and all text stay, also in mails in the mail (%j)',
  (end) => {
    const mail = (...body: string[]) => [
      ...['Subject: A', '', '--b', 'Content-Type: multipart/mixed', '', ...png('b', ...body), ...text],
      ...['-- ', 'Anna', '', 'P.S.', ...inner, ...png('c', ...body), '--c--', '--b--'],
    ]
    expect(lean(mail(...bytes), end)).toEqual(mail())
  },
)

it('a mail that is nothing but an attachment keeps its headers, and one without any stays as it is', () => {
  expect(lean(['Subject: Scan', 'Content-Type: application/pdf', base64, '', ...bytes])).toEqual([
    'Subject: Scan',
    'Content-Type: application/pdf',
    base64,
    '',
    '',
  ])
  const plain = Buffer.from(['Subject: A', base64, '', ...bytes].join('\n'))
  expect(leaveOutAttachments(plain)).toBe(plain)
})

it('a mail that ends within its attachment, or has nothing but headers, ends there', () => {
  expect(lean(['Subject: A', '', ...png('b', 'AAAA')])).toEqual(['Subject: A', '', ...png('b'), ''])
  expect(lean(['Subject: A', base64, 'Content-Type: image/png'])).toEqual(['Subject: A', base64, 'Content-Type: image/png'])
})

it('a text that is attached as a file, or is not read as text, is an attachment', () => {
  for (const type of [
    ['Content-Type: text/csv'],
    ['Content-Type: text/plain', 'Content-Disposition: attachment; filename=a.txt'],
  ]) {
    const mail = (...body: string[]) => ['Subject: A', '', '--b', ...type, base64, '', ...body, '--b--']
    expect(lean(mail(...bytes))).toEqual(mail())
  }
})
