// `node tools/bootstrap/dapr-cli.mjs` prints the path of Dapr's own command line, building it with Go the first time.
import { ensureDaprCli } from './ensure-dapr-cli.mjs'
import { exitWith } from './exit-with.mjs'
import { createProgress } from './progress.mjs'

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => interruption.abort())

await exitWith(async () => {
  const progress = createProgress()
  console.log(await progress.run('Dapr CLI', () => ensureDaprCli({ signal: interruption.signal })))
  return 0
})
