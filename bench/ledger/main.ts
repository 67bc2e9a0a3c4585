import { startTestDatabase } from '@weft/database/testing'
import { runTraffic } from '@weft/models/testing'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/** `node bench/ledger/main.ts [calls] [kills]`: what the ledger says of so many mixed calls, against what the upstream itself counted. */
const calls = Number(process.argv[2] ?? 10_000)
const kills = Number(process.argv[3] ?? 20)
const load = watchLoad()
const database = await startTestDatabase()

try {
  const compared = await runTraffic(database, { calls, kills })
  const { asked, outcomes, tokens, missing, doubled, different, unmarked } = compared
  const table = markdownTable(
    ['what', 'count'],
    [
      ['calls the upstream was asked', asked],
      ...Object.entries(outcomes).map(([outcome, count]): [string, number] => [`in the ledger: ${outcome}`, count]),
      ['tokens of completed calls, by the upstream', tokens.upstream],
      ['tokens of completed calls, by the ledger', tokens.ledger],
      ['completed calls whose tokens differ', different],
      ['calls that are missing', missing],
      ['calls that are there twice', doubled],
      ['unfinished calls that are not marked as estimated', unmarked],
    ],
  )
  const rows = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
  const note = `${calls} calls are planned, half of them streamed, 16 at a time; one in ten is refused by the upstream, every fifth of the streams is left by its reader, and ${kills} gateways are killed (SIGKILL) in the middle. Completed calls are compared to the token. The upstream tells its count at the end of an answer only: a call that was cut by its reader or a kill is compared by its presence and its mark, as its tokens are an estimate. A gateway that was killed does not resume its share of the plan, so ${asked} calls reached the upstream; of the ${rows} rows ${rows - asked} were written down and never sent.`
  recordResults({ name: 'ledger', title: 'The ledger against the upstream’s own count', load, body: `${table}\n\n${note}` })
  if (missing + doubled + different + unmarked > 0) process.exitCode = 1
} finally {
  await database.stop()
}
