import { isUtf8 } from 'node:buffer'
import PostalMime, { type Address, type Attachment, decodeWords, type Email } from 'postal-mime'
import { decodeText, startsWith } from './decode-text.ts'
import { FileRefusal } from './file-refusal.ts'
import { leaveOutAttachments } from './leave-out-attachments.ts'
import { htmlToText } from './parse-html.ts'

/**
 * A mail (RFC 5322, MIME) as Markdown: its subject as a heading, from whom, to whom and when, the names of what is attached, and what it says, mails that
 * were forwarded in it included. Attachments are not read. Undefined for a text that is no mail. Throws FileRefusal for one that cannot be read.
 */
export async function mailToText(bytes: Uint8Array, filename: string): Promise<string | undefined> {
  const file: MailFile = { filename, linesLeft: linesMax }
  const kept = leaveOutAttachments(bytes)
  if (countLines(kept) > linesMax && !isMail(await parseMail(kept.subarray(0, headBytes), file))) return undefined
  const mail = await parseMail(await withCharset(kept), file)
  if (!isMail(mail)) return undefined
  const parts = await partsOf(mail, file, 1)
  return parts.join('\n\n').toWellFormed().replaceAll('\0', '\ufffd')
}

/** How deep mails in mails are read; what lies deeper is named only. */
const mailsDepthMax = 6

/** Enough to tell a mail from another text. */
const headBytes = 65_536

function isMail({ headers }: Email): boolean {
  return headers.some(({ key }) => mailHeaders.has(key))
}

interface MailFile {
  filename: string
  linesLeft: number
}

/** The parser takes 10 µs for each line that is not attached in base64, and for a mail in a mail once more. A text of a million lines is no letter. */
const linesMax = 500_000

async function partsOf(mail: Email, file: MailFile, depth: number): Promise<string[]> {
  const inside = depth < mailsDepthMax && !isReport(mail) ? mail.attachments.filter(isForwarded) : []
  const attached = mail.attachments.filter((part) => !inside.includes(part))
  const parts = [headingOf(mail, depth), headOf(mail, attached), bodyOf(mail)]
  for (const { content } of inside) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content)
    parts.push(...(await partsOf(await parseMail(bytes, file), file, depth + 1)))
  }
  return parts.filter((part) => part !== '')
}

/** One that was attached as a file is an attachment like any other. */
function isForwarded({ mimeType, disposition }: Attachment): boolean {
  return mimeType === 'message/rfc822' && disposition !== 'attachment'
}

/** That a mail could not be delivered, with that mail as evidence. */
function isReport({ attachments }: Email): boolean {
  return attachments.some(({ mimeType }) => reportParts.has(mimeType))
}

const reportParts: ReadonlySet<string> = new Set(['message/delivery-status', 'message/feedback-report'])

/** What other texts that begin with "Word: …" hardly have. */
const mailHeaders: ReadonlySet<string> = new Set(
  'from sender to cc subject date message-id received return-path delivered-to mime-version'.split(' '),
)

async function parseMail(bytes: Uint8Array, file: MailFile): Promise<Email> {
  const { filename } = file
  file.linesLeft -= countLines(bytes)
  if (file.linesLeft < 0) {
    const most = linesMax.toLocaleString('en')
    throw new FileRefusal(
      'too_large',
      `"${filename}" has more than ${most} lines beside its attachments. Add its text as a file of its own.`,
    )
  }
  try {
    return await PostalMime.parse(bytes, { maxNestingDepth: partsDepthMax, forceRfc822Attachments: true })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FileRefusal('damaged_document', `"${filename}" cannot be read as a mail: ${reason}.`, { cause })
  }
}

const partsDepthMax = 64

function countLines(bytes: Uint8Array): number {
  let lines = 1
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) lines++
  return lines
}

const lineFeed = 0x0a

const byteOrderMark = [0xef, 0xbb, 0xbf] as const

/** Mails that do not say what their letters are written in are taken for UTF-8 by the parser: what is not is made so. */
async function withCharset(bytes: Uint8Array): Promise<Uint8Array> {
  if (startsWith(bytes, byteOrderMark)) return bytes.subarray(byteOrderMark.length)
  if (isUtf8(bytes) || /charset\s{0,5}=/i.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')))
    return bytes
  return new TextEncoder().encode(await decodeText(bytes))
}

function headingOf({ subject = '' }: Email, depth: number): string {
  const title = onOneLine(subject)
  return title === '' ? '' : `${'#'.repeat(depth)} ${title}`
}

function headOf({ from, to = [], cc = [], headers }: Email, attached: Attachment[]): string {
  const date = headers.find(({ key }) => key === 'date')?.value ?? ''
  const lines = [
    ['From', from === undefined ? '' : nameOf(from)],
    ['To', listed(to.map(nameOf))],
    ['Cc', listed(cc.map(nameOf))],
    ['Date', decodeWords(date)],
    ['Attachments', listed(attached.flatMap(attachedAs))],
  ] as const
  return lines
    .map(([name, value]) => [name, onOneLine(value)])
    .flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]))
    .join('\n')
}

function nameOf({ name, address, group }: Address): string {
  if (group !== undefined) return group.length === 0 ? name : `${name} (${listed(group.map(nameOf))})`
  return name === '' || name === address ? (address ?? '') : `${name} <${address}>`
}

/** Pictures that the text shows, as the logo of a signature, are no attachments to a reader. */
function attachedAs({ filename, mimeType, related, disposition }: Attachment): string[] {
  if (related === true && disposition !== 'attachment') return []
  return [filename ?? mimeType]
}

/** A circular is found by what it says, not by the hundreds it went to. */
const listedMax = 20

function listed(names: string[]): string {
  const shown = names.filter((name) => name !== '')
  const more = shown.length > listedMax ? ` and ${shown.length - listedMax} more` : ''
  return `${shown.slice(0, listedMax).join(', ')}${more}`
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Some programs put no more than a hint into the part for readers without HTML; it counts where it says at least a quarter of what the HTML does. */
const plainShareMin = 1 / 4

function bodyOf({ text = '', html = '' }: Email): string {
  const lines = text.split(/\r\n?|\n/).map((line) => line.trimEnd())
  const plain = lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  if (html === '') return plain
  const rich = htmlToText(html, { isTitleKept: false })
  return plain.length < rich.length * plainShareMin ? rich : plain
}
