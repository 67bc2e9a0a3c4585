import { BootstrapError, explainFailure, interrupted } from './bootstrap-error.mjs'
import { cacheFolder, sweepUnfinished } from './cache-folder.mjs'
import { ensureDapr } from './ensure-dapr.mjs'
import { ensureEmbedder, isEmbedderSettled } from './ensure-embedder.mjs'
import { ensureNode } from './ensure-node.mjs'
import { ensurePnpm } from './ensure-pnpm.mjs'
import { ensureRedis } from './ensure-redis.mjs'
import { withInstallLock } from './install-lock.mjs'
import { installWorkspace, isWorkspaceInstalled } from './install-workspace.mjs'
import { linkNodeTools } from './link-node-tools.mjs'
import { createProgress } from './progress.mjs'
import { ALL_NEEDS, readToolchain, writeToolchain } from './toolchain-file.mjs'
import { withInterruption } from './with-interruption.mjs'

/** Failures that come within this time of the first are told together: a machine may lack two things. */
const GATHER_FAILURES_MS = 1_500

/**
 * Finds, fetches or builds what the mesh runs on and, with `workspace` (a checkout's root), installs its packages.
 * Answers `{nodeBin, pnpmCli, binFolder, daprd, placement, scheduler, redisServer}`, also kept in `$cache/toolchain.json`;
 * of these only what `needs` (`node`, `pnpm`, `dapr`, `redis`) names is sure to be there.
 * Throws a BootstrapError, or an AggregateError of several. An interruption leaves nothing half installed.
 */
export async function ensureToolchain({ needs = ALL_NEEDS, workspace, env = process.env, stream = process.stderr } = {}) {
  const cache = cacheFolder(env)
  const isReady = () =>
    readToolchain(cache, { needs, env }) && (!workspace || (isWorkspaceInstalled(workspace) && isEmbedderSettled({ cache, env })))
  if (isReady()) return readToolchain(cache, { needs, env })
  const progress = createProgress({ stream })
  const onWait = (pid) => progress.say(`weft: another installation is running (process ${pid}); waiting for it`)
  const work = async ({ signal, abort }) => {
    await sweepUnfinished(cache)
    if (!isReady()) await complete({ cache, env, signal, abort, needs, workspace, progress })
    return readToolchain(cache, { needs, env }) ?? refuseIncomplete(cache)
  }
  try {
    return await withInterruption((control) => withInstallLock(cache, () => work(control), { signal: control.signal, onWait }))
  } catch (error) {
    // A file operation of the bootstrap's own: the cache cannot be written, or its disk is full.
    if (error.syscall)
      throw explainFailure(`keep the toolchain in ${cache}`, error, { cache, advice: 'set WEFT_CACHE to a folder you may write' })
    throw error
  }
}

async function complete({ cache, env, signal, abort, needs, workspace, progress }) {
  const step = (label, work) => progress.run(label, (note) => work({ cache, env, signal, note }))
  const nodeTools = async () => {
    const works = []
    if (needs.includes('node') || needs.includes('pnpm')) works.push(step('Node', ensureNode).then((nodeBin) => ({ nodeBin })))
    if (needs.includes('pnpm')) works.push(step('pnpm', ensurePnpm).then((pnpmCli) => ({ pnpmCli })))
    const entries = Object.assign({}, ...(await Promise.all(works)))
    if (entries.pnpmCli) entries.binFolder = await linkNodeTools(cache, entries)
    writeToolchain(cache, entries, env)
    if (!workspace) return
    await step('packages', (context) => installWorkspace(workspace, entries, context))
    await step('Embedder', (context) => ensureEmbedder({ ...context, nodeBin: entries.nodeBin }))
  }
  const dapr = async () => {
    const { daprd, placement, scheduler } = await step('Dapr', ensureDapr)
    writeToolchain(cache, { daprd, placement, scheduler }, env)
  }
  const redis = async () => writeToolchain(cache, { redisServer: await step('Redis', ensureRedis) }, env)
  const works = [nodeTools()]
  if (needs.includes('dapr')) works.push(dapr())
  if (needs.includes('redis')) works.push(redis())
  await allOrFailures(works, abort)
}

/** Waits for all; on the first failure gives the others a moment to fail as well, then aborts what still runs. */
export async function allOrFailures(works, abort) {
  const failures = []
  let timer
  const watch = (work) =>
    work.catch((error) => {
      failures.push(error)
      timer ??= setTimeout(abort, GATHER_FAILURES_MS)
    })
  await Promise.all(works.map(watch))
  clearTimeout(timer)
  if (failures.length === 0) return
  const told = failures.filter((error) => error.code !== 'INTERRUPTED')
  if (told.length === 0) throw interrupted()
  throw told.length === 1 ? told[0] : new AggregateError(told, `${told.length} steps failed`)
}

function refuseIncomplete(cache) {
  throw new BootstrapError('INCOMPLETE', `the toolchain in ${cache} changed while it was installed; run it again`, {
    isRetryable: true,
  })
}
