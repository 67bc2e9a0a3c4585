import type { Mail } from '../core/notification-mail.ts'

const timeoutMs = 15_000

/** Sends letters through an SMTP server, such as `smtps://user:password@mail.example`. The library is loaded with the first one. */
export function createMailSender({ url, from }: { url: string; from: string }): (mail: Mail & { to: string }) => Promise<void> {
  let transport: Promise<import('nodemailer').Transporter> | undefined
  return async ({ to, subject, text }) => {
    transport ??= open(url)
    await (await transport).sendMail({ from, to, subject, text })
  }
}

async function open(url: string) {
  const { createTransport } = await import('nodemailer')
  return createTransport({ url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs })
}
