import { join } from 'node:path'
import type { MeshPlan } from './mesh-plan.ts'

/** With them whose certificates count, which Go and Node's own list do not know of a network of one's own. */
const minimalVariables = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

/** What any program needs of the environment, and no key of a provider among it. */
export function minimalEnvironment({ environment }: Pick<MeshPlan, 'environment'>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => minimalVariables.includes(name)))
}

/**
 * What a Node process gets at least: compiled code is kept between starts, one arena of malloc does for threads this few, and what it has
 * freed goes back to the system above 128 KiB, also after it once needed more (glibc would raise that threshold for good).
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

/** Megabytes of one half of the young generation, for a process that has little in flight at once. */
const youngMbDefault = 2

/**
 * How every Node process of the mesh is started: quiet about type stripping, with a young generation that stays small unless told otherwise,
 * and giving back while idle what it does not need.
 */
export function nodeArguments(main: string, youngMb = youngMbDefault): string[] {
  return ['--disable-warning=ExperimentalWarning', `--max-semi-space-size=${youngMb}`, '--import', idleMemory, main]
}
