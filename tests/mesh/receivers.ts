import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

export interface WebhookCall {
  headers: Record<string, string>
  body: string
}

/** What a webhook's owner runs: it keeps what it is told, and answers as the test has it. */
export async function startWebhookReceiver() {
  const calls: WebhookCall[] = []
  const answers: number[] = []
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    calls.push({ headers, body: await text(request) })
    response.writeHead(answers.shift() ?? 204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    calls,
    /** Statuses of the next answers; 204 after them. */
    answers,
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

export interface Letter {
  to: string[]
  text: string
}

/** A mail server that takes every letter. */
export async function startMailServer(port: number) {
  const letters: Letter[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    async onData(stream, session, done) {
      // Quoted-printable breaks long lines softly.
      const data = (await text(stream)).replace(/=\r\n/g, '').replace(/=3D/g, '=')
      letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), text: data })
      done()
    },
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return { letters, stop: () => new Promise<void>((resolve) => server.close(resolve)) }
}
