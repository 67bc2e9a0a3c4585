import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { p50 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { withEmptyMachine } from './empty-machine.ts'
import { checkout, removeFolder, type StartUp, startAndAsk, temporaryFolder } from './start-and-ask.ts'

/**
 * `node bench/start-up/main.ts [starts] [--cold]`: from `npm start` to the first answered request; `--cold` measures a first start too, from
 * a clone of HEAD with every cache empty (needs the network, and minutes).
 */
const starts = Number(process.argv.slice(2).find((arg) => /^\d+$/.test(arg)) ?? 5)
const isCold = process.argv.includes('--cold')
const warmWantedS = 12
const coldWantedS = 360

const load = watchLoad()
const cold = isCold ? await withEmptyMachine((machine) => startAndAsk(machine)) : undefined
const [fresh, later] = [await startOften('fresh'), await startOften('kept')]
report()

/** Starts with a data folder that is new each time, or that an earlier start has filled. */
async function startOften(data: 'fresh' | 'kept'): Promise<StartUp[]> {
  const measured: StartUp[] = []
  let dataFolder = temporaryFolder('weft-start-up-')
  // What the first start of this checkout compiles is kept for all later ones.
  await startAndAsk({ root: checkout, dataFolder, environment: {} })
  for (let count = 0; count < starts; count += 1) {
    if (data === 'fresh') {
      removeFolder(dataFolder)
      dataFolder = temporaryFolder('weft-start-up-')
    }
    measured.push(await startAndAsk({ root: checkout, dataFolder, environment: {} }))
  }
  removeFolder(dataFolder)
  return measured
}

function report(): void {
  const row = (label: string, measured: StartUp[], wantedS: number) => {
    const answered = measured.map(({ answeredS }) => answeredS)
    const ready = p50(measured.map(({ readyS }) => readyS))
    const stopped = p50(measured.map(({ stoppedS }) => stoppedS))
    return [label, String(measured.length), ready, p50(answered), Math.max(...answered), `≤ ${wantedS}`, stopped]
  }
  const rows = [
    row('a later start, with its data', later, warmWantedS),
    row('a later start, new data folder', fresh, warmWantedS),
    ...(cold === undefined ? [] : [row('the first start, every cache empty', [cold], coldWantedS)]),
  ]
  const head = ['', 'n', 'ready, s', 'first answer, s (p50)', 'largest', 'wanted', 'Ctrl-C to all ended, s']
  const parts = cold === undefined ? '' : `\n\nThe first start told:\n\n\`\`\`\n${cold.steps.join('\n')}\n\`\`\``
  const note =
    'From the command (`node tools/bootstrap/start.mjs`, which `npm start` runs) to the answer to a request that is sent until one is answered.'
  const body = `${markdownTable(head, rows)}\n\n${note}${parts}`
  recordResults({ name: 'start-up', title: 'Start', load, body })
  const isMissed = [...fresh, ...later].some(({ answeredS }) => answeredS > warmWantedS) || (cold?.answeredS ?? 0) > coldWantedS
  if (isMissed) process.exitCode = 1
}
