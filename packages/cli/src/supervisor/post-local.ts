import { request } from 'node:http'

const timeoutMs = 2_000
const answerBytesMax = 1_048_576

/** Posts JSON to a port of this machine and answers the body. Throws unless the status is 200. */
export function postLocal(port: number, path: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: 'POST', agent: false, signal: AbortSignal.timeout(timeoutMs) }
    const sent = request(options, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        answer += chunk
        if (answer.length > answerBytesMax) response.destroy(new Error('the answer is too long'))
      })
      response.once('error', reject)
      response.once('end', () =>
        response.statusCode === 200 ? resolve(answer) : reject(new Error(`${path} answered ${response.statusCode}`)),
      )
    })
    sent.once('error', reject)
    sent.end(JSON.stringify(body))
  })
}
