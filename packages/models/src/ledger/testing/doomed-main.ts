import { openLedger } from '../open-ledger.ts'
import { callFacts, completed } from './calls.ts'

/** A process that makes calls and never stores them; its test kills it. Arguments: the folder. */
const [, , folder = ''] = process.argv
const never = { store: () => new Promise<void>(() => undefined), noteGone: async () => undefined }
const ledger = openLedger({
  folder,
  service: 'doomed',
  calls: never,
  logger: { info: () => undefined, warn: () => undefined },
})
ledger.start()
const ended = await ledger.begin(callFacts('call_ended'), () => 0)
ended.end(completed)
await ledger.begin(callFacts('call_streaming'), () => 4_000)
// Its progress is noted every half second.
setTimeout(async () => {
  await ledger.begin(callFacts('call_begun'), () => 0)
  process.stdout.write('ready\n')
}, 700)
