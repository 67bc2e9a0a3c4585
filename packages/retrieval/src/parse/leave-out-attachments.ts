/**
 * A mail without the bytes of what is attached to it in base64, which nobody reads: a parser would hold them twice. Parts of text, and mails in the mail,
 * stay, as do all headers, so that it is still said what was attached.
 */
export function leaveOutAttachments(mail: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = []
  let keptFrom = 0
  let headerFrom: number | undefined = 0
  let isLeftOut = false
  for (let at = 0; at < mail.length; ) {
    const feed = mail.indexOf(lineFeed, at)
    const next = feed === -1 ? mail.length : feed + 1
    if (mail[at] === dash && mail[at + 1] === dash) {
      // The line between two parts, or one of text that looks like it.
      if (isLeftOut) keptFrom = at
      isLeftOut = false
      headerFrom = next
    } else if (headerFrom !== undefined && isBlank(mail, at, next)) {
      isLeftOut = isAttachment(mail.subarray(headerFrom, Math.min(at, headerFrom + headerBytesMax)))
      headerFrom = undefined
      if (isLeftOut) kept.push(mail.subarray(keptFrom, next))
    }
    at = next
  }
  if (!isLeftOut) kept.push(mail.subarray(keptFrom))
  return kept.length === 1 && kept[0]?.length === mail.length ? mail : Buffer.concat(kept)
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const dash = 0x2d

/** More than the headers of a part have. */
const headerBytesMax = 16_384

function isBlank(mail: Uint8Array, at: number, next: number): boolean {
  return next - at === 1 ? mail[at] === lineFeed : next - at === 2 && mail[at] === carriageReturn && mail[at + 1] === lineFeed
}

function isAttachment(header: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(header)
  if (!/^content-transfer-encoding:\s{0,20}base64\b/im.test(text)) return false
  if (/^content-disposition:\s{0,20}attachment\b/im.test(text)) return true
  const type = /^content-type:\s{0,20}"?([\w.+-]{1,40}\/[\w.+-]{1,80})/im.exec(text)?.[1] ?? 'text/plain'
  return !/^(?:text\/(?:plain|html)|(?:message|multipart)\/.*)$/i.test(type)
}
