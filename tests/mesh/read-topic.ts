import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sharedMesh } from './shared-mesh.ts'

/** What the broker of the shared mesh holds of a topic, newest first, as Redis tells it. */
export async function readTopic(topic: string): Promise<string> {
  const configuration = await readFile(join(sharedMesh().dataFolder, 'run', 'redis.conf'), 'utf8')
  const [, port = ''] = /^port (\d+)$/m.exec(configuration) ?? []
  const [, password = ''] = /^requirepass (\S+)$/m.exec(configuration) ?? []
  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  for (const command of [`AUTH ${password}`, `XREVRANGE ${topic} + - COUNT 200`, 'QUIT']) socket.write(`${command}\r\n`)
  return text(socket)
}
