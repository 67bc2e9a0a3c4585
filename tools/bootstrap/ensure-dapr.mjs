import { explainFailure } from './bootstrap-error.mjs'
import { buildDapr, builtDapr } from './build-dapr.mjs'
import { DAPR_PROGRAMS, findDapr } from './find-dapr.mjs'
import { isExecutable } from './find-program.mjs'
import { DAPR_VERSION } from './pins.mjs'

/** Finds Dapr on this machine, else in the cache, else builds it. Answers `{daprd, placement, scheduler, version}`. */
export async function ensureDapr({ cache, env, signal, note }) {
  const found = await findDapr({ env, note })
  if (found) {
    note(`${found.version}, ${found.daprd}`)
    return found
  }
  const built = builtDapr(cache)
  if (!DAPR_PROGRAMS.every((name) => isExecutable(built[name]))) {
    note(`not found; building ${DAPR_VERSION} with Go`)
    await build({ cache, env, signal, note })
  }
  note(`${DAPR_VERSION}, own build`)
  return built
}

async function build(context) {
  try {
    await buildDapr(context)
  } catch (error) {
    throw explainFailure(`build Dapr ${DAPR_VERSION} with Go`, error, { cache: context.cache })
  }
}
