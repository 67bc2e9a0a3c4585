import { startPgliteServer } from './pglite-server.ts'

const [dataFolder] = process.argv.slice(2)
if (dataFolder === undefined) throw new TypeError('the folder to make is the only argument')
const server = await startPgliteServer({ port: 0, dataFolder })
await server.stop()
