import { join } from 'node:path'
import type { MeshPlan } from './mesh-plan.ts'

/** With them whose certificates count, which Go and Node's own list do not know of a network of one's own. */
const minimalVariables = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

/** The variables that any program needs. No key of a provider is among them. */
export function minimalEnvironment({ environment }: Pick<MeshPlan, 'environment'>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => minimalVariables.includes(name)))
}

/**
 * The variables of every Node process. Compiled code is kept between starts. One arena of malloc is enough for so few threads. More than 128 KiB of freed memory goes
 * back to the system, even after a process once needed more, when glibc would otherwise raise that threshold for good.
 */
export function nodeEnvironment(plan: Pick<MeshPlan, 'environment' | 'compileCacheFolder'>): Record<string, string> {
  return {
    ...minimalEnvironment(plan),
    NODE_COMPILE_CACHE: plan.compileCacheFolder,
    NODE_ENV: 'production',
    MALLOC_ARENA_MAX: '1',
    MALLOC_TRIM_THRESHOLD_: '131072',
  }
}

const idleMemory = join(import.meta.dirname, 'return-idle-memory.ts')

/** When a process collects garbage. */
export interface Collection {
  /** Megabytes of one half of the young generation. Default 2, for a process with little work at once. */
  youngMb?: number
  /** How much all that is in use may grow, in percent, until all of it is looked through. Default: as V8 chooses, which is a few megabytes after a pause. */
  growthPercent?: number
}

/**
 * The arguments of every Node process of the mesh: without a warning about type stripping, with a small young generation unless another size is given, and with the module
 * that returns memory while the process is idle.
 */
export function nodeArguments(main: string, { youngMb = 2, growthPercent }: Collection = {}): string[] {
  const growth = growthPercent === undefined ? [] : [`--heap-growing-percent=${growthPercent}`]
  return ['--disable-warning=ExperimentalWarning', `--max-semi-space-size=${youngMb}`, ...growth, '--import', idleMemory, main]
}
