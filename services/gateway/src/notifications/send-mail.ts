import { WeftError } from '@weft/contracts'
import { z } from 'zod'
import type { Mail } from '../core/notification-mail.ts'

const timeoutMs = 15_000

/** The library's error when the server refused the mail itself or its recipient for good. */
const Refusal = z.object({ code: z.enum(['EENVELOPE', 'EMESSAGE']), responseCode: z.number().min(500), message: z.string() })

/**
 * Sends mail through an SMTP server, such as `smtps://user:password@mail.example`. The library is loaded when the first mail is sent. Throws an error that is
 * not retryable when the server refuses a mail for good (status 5yz, RFC 5321 §4.2.1).
 */
export function createMailSender({ url, from }: { url: string; from: string }): (mail: Mail & { to: string }) => Promise<void> {
  let transport: Promise<import('nodemailer').Transporter> | undefined
  return async ({ to, subject, text }) => {
    transport ??= open(url)
    try {
      await (await transport).sendMail({ from, to, subject, text })
    } catch (cause) {
      const refusal = Refusal.safeParse(cause)
      throw refusal.success ? new WeftError('upstream_error', refusal.data.message, { isRetryable: false, cause }) : cause
    }
  }
}

async function open(url: string) {
  const { createTransport } = await import('nodemailer')
  return createTransport({ url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs })
}
