import { startOpenAiServer } from '@weft/models/testing'

/** A strict server of OpenAI's wire that answers `openai/test-model` at once. Prints its base URL; ends with whoever started it. */
const server = await startOpenAiServer({
  models: ['test-model'],
  reply: { kind: 'text', chunks: ['Trams', ' ran', ' here', ' until', ' 1957', '.'] },
})
console.log(server.url)
// What it keeps for tests would grow with every request measured.
setInterval(() => server.requests.splice(0), 1_000).unref()
process.stdin.resume().on('end', () => process.exit(0))
