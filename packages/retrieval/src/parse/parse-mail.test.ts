import { describe, expect, it } from '@jest/globals'
import { chunkText } from '../chunk/chunk-text.ts'
import { parseFile } from './parse-file.ts'

/** A file of lines, each letter one byte, as mails are sent. */
const read = (lines: string[], filename = 'letter.eml') =>
  parseFile({ filename, bytes: Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1') })
const textOf = async (lines: string[]) => (await read(lines)).text
const base64 = (text: string) => Buffer.from(text).toString('base64')

const head = ['From: anna@example.com', 'Subject: Lease', 'MIME-Version: 1.0']
const plain = (text: string) => ['--b', 'Content-Type: text/plain; charset=utf-8', '', text]
const html = (text: string) => [
  '--b',
  'Content-Type: text/html; charset=utf-8',
  'Content-Transfer-Encoding: base64',
  '',
  base64(text),
]
const pdf = ['--b', 'Content-Type: application/pdf; name=plan.pdf', 'Content-Transfer-Encoding: base64', '', base64('%PDF-1.4')]
const multipart = (type: string, ...parts: string[][]) => [
  ...head,
  `Content-Type: multipart/${type}; boundary=b`,
  '',
  ...parts.flat(),
  '--b--',
]

describe('a mail', () => {
  it('is its subject, from whom to whom and when, what is attached by name, and what it says, in the letters it was written in', async () => {
    const { text, kind } = await read([
      'Return-Path: <anna@example.com>',
      'Received: from mx.example.com (192.0.2.1) by mail.example.org; Tue, 01 Dec 2026 10:00:01 +0100',
      'From: =?utf-8?Q?Anna_M=C3=BCller?= <anna@example.com>',
      'To: "Berger, Bob" <bob@example.org>, Tenants: cleo@example.org, Dee <dee@example.org>;',
      'Subject: =?iso-8859-1?Q?K=FCndigung_des_Mietvertrags?=',
      ' =?utf-8?B?IOKAkyBGcmlzdGVu?=',
      'Date: Tue, 1 Dec 2026 10:00:00 +0100',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary="the outer"',
      '',
      'This is a message in MIME format.',
      '--the outer',
      'Content-Type: multipart/alternative; boundary=inner',
      '',
      '--inner',
      'Content-Type: text/plain; charset=iso-8859-15; format=flowed',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Die K=FCndigungsfrist betr=E4gt drei Monate=20',
      'zum Quartalsende. Die Kaution =',
      'ist 900 =A4.',
      '',
      '> Wie lange ist die Frist?',
      '--inner',
      'Content-Type: text/html; charset=utf-8',
      '',
      '<p>Die Frist betr&auml;gt drei Monate zum Quartalsende.</p>',
      '--inner--',
      '--the outer',
      'Content-Type: application/pdf',
      "Content-Disposition: attachment; filename*=utf-8''Vertr%C3%A4ge%202026.pdf",
      'Content-Transfer-Encoding: base64',
      '',
      base64('%PDF-1.4'),
      '--the outer--',
    ])
    expect(kind).toBe('mail')
    expect(text).toBe(
      [
        '# Kündigung des Mietvertrags – Fristen\n',
        'From: Anna Müller <anna@example.com>',
        'To: Berger, Bob <bob@example.org>, Tenants (cleo@example.org, Dee <dee@example.org>)',
        'Date: Tue, 1 Dec 2026 10:00:00 +0100',
        'Attachments: Verträge 2026.pdf\n',
        'Die Kündigungsfrist beträgt drei Monate zum Quartalsende. Die Kaution ist 900 €.\n',
        '> Wie lange ist die Frist?',
      ].join('\n'),
    )
    expect([...chunkText({ text, kind })][0]).toMatchObject({ heading: 'Kündigung des Mietvertrags – Fristen' })
  })

  it('is read from its HTML where it has no other text, or one that says next to nothing', async () => {
    const order =
      '<style>p{}</style><h2>Order</h2><p>Tea for 12 €.</p><table><tr><td>Tea</td><td>2</td></tr></table><img src="cid:x">'
    const logo = ['--b', 'Content-Type: image/png; name=logo.png', 'Content-ID: <x>', 'Content-Disposition: inline', '', 'PNG']
    const said = '# Lease\n\nFrom: anna@example.com\n\n## Order\n\nTea for 12 €.\n\n| Tea | 2 |'
    expect(await textOf(multipart('related', html(order), logo))).toBe(said)
    expect(await textOf(multipart('alternative', plain('See HTML'), html(order)))).toBe(said)
  })

  it('holds the mails that were forwarded in it, and names those attached as files and those a report came with', async () => {
    const inner = [
      'From: carl@example.net',
      'Subject: Keys',
      'Content-Type: text/plain; charset=windows-1251',
      '',
      '\xca\xeb\xfe\xf7\xe8.',
    ]
    const forwarded = ['--b', 'Content-Type: message/rfc822', '', ...inner]
    expect(await textOf(multipart('mixed', plain('See below.'), forwarded))).toBe(
      '# Lease\n\nFrom: anna@example.com\n\nSee below.\n\n## Keys\n\nFrom: carl@example.net\n\nКлючи.',
    )
    const attached = ['--b', 'Content-Type: message/rfc822', 'Content-Disposition: attachment; filename=keys.eml', '', ...inner]
    expect(await textOf(multipart('mixed', plain('See there.'), attached))).toMatch(/Attachments: keys.eml\n\nSee there\.$/)
    const status = ['--b', 'Content-Type: message/delivery-status', '', 'Action: failed']
    expect(await textOf(multipart('report', plain('Not delivered.'), status, forwarded))).toMatch(/\n\nNot delivered\.$/)
  })

  it.each([
    ['that says nothing of its encoding', [], 'Sch\xf6ne Gr\xfc\xdfe', 'Schöne Grüße'],
    ['in one nobody knows', ['Content-Type: text/plain; charset=x-none'], 'Sch\xf6ne Gr\xfc\xdfe', 'Schöne Grüße'],
    ['in Japanese of seven bits', ['Content-Type: text/plain; charset=iso-2022-jp'], '\u001b$B$3$s$K$A$O\u001b(B', 'こんにちは'],
    ['in UTF-8 that it does not name', [], 'Sch\xc3\xb6n', 'Schön'],
  ])('%s is read', async (_how, type, sent, said) => {
    expect(await textOf([...head, ...type, '', sent])).toBe(`# Lease\n\nFrom: anna@example.com\n\n${said}`)
  })

  it('is read as far as it goes when it was cut off', async () => {
    const cut = multipart('mixed', plain('It begins.'), pdf).slice(0, -2)
    expect(await textOf(cut)).toBe('# Lease\n\nFrom: anna@example.com\nAttachments: plan.pdf\n\nIt begins.')
  })

  it('names the first of the hundreds it went to', async () => {
    const to = Array.from({ length: 300 }, (_, n) => `t${n}@example.org`)
    expect(await textOf([`To: ${to.join(',\r\n ')}`, ...head, '', 'Hi.'])).toMatch(/\nTo: t0@.*, t19@example.org and 280 more\n/)
  })

  it('is also what was kept as a mailbox keeps it, and what has no more than a subject', async () => {
    expect(await textOf(['From anna@example.com Tue Dec  1 10:00:00 2026', ...head, '', 'Hi.'])).toMatch(/^# Lease\n.*\n\nHi\.$/s)
    expect(await textOf(head)).toBe('# Lease\n\nFrom: anna@example.com')
  })

  it('is not what is only named like one: that is read as the text it is', async () => {
    expect(await read(['A note', 'about: nothing', '', 'and more'])).toMatchObject({
      kind: 'text',
      text: expect.stringMatching(/^A note/),
    })
    expect(await read(['A log', 'of: nothing', 'x\n'.repeat(600_000)])).toMatchObject({ kind: 'text' })
  })

  it.each([
    ['parts in parts without end', [...head, ...nested(100), ''], 'damaged_document'],
    ['more headers than any mail has', [...head, `X-Long: ${'x'.repeat(3_000_000)}`, '', 'Hi.'], 'damaged_document'],
    ['more lines than any mail has', [...head, '', '\n'.repeat(600_000)], 'too_large'],
    ['mails in it whose lines are too many together', [...head, ...forwards(5, 'x\n'.repeat(120_000))], 'too_large'],
    ['bytes that are no text', ['\u0001\u0002\u0000\xff'], 'binary'],
  ])('with %s is refused with the reason', async (_what, lines, code) => {
    await expect(read(lines)).rejects.toMatchObject({ code })
  })
})

function forwards(depth: number, text: string): string[] {
  if (depth === 0) return ['', text]
  return [
    `Content-Type: multipart/mixed; boundary=b${depth}`,
    '',
    `--b${depth}`,
    'Content-Type: message/rfc822',
    '',
    ...head,
    ...forwards(depth - 1, text),
  ]
}

function nested(depth: number): string[] {
  const type = (n: number) => [`Content-Type: multipart/mixed; boundary=b${n}`, '', `--b${n}`]
  return Array.from({ length: depth }, (_, n) => type(n)).flat()
}
