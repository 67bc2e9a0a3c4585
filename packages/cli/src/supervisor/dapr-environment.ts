import { dirname } from 'node:path'
import { databaseUrlsOf, type MeshPlan } from './mesh-plan.ts'
import type { RedisConnection } from './redis-configuration.ts'

/**
 * Shell lines for running services with `dapr run` on this infrastructure: passwords, tokens and programs, which do not belong in a file of the repository. All services
 * share a pair of tokens there.
 */
export function renderDaprEnvironment(plan: MeshPlan, redis: RedisConnection): string {
  const tokens = plan.tokens.apps.gateway
  const variables: Record<string, string> = {
    ...redis,
    DATABASE_URLS: databaseUrlsOf(plan),
    DAPR_API_TOKEN: tokens?.apiToken ?? '',
    APP_API_TOKEN: tokens?.appToken ?? '',
    DAPR_HOST_IP: '127.0.0.1',
    // The folder with `.dapr/bin/daprd`, which Dapr's command-line tool appends itself.
    DAPR_RUNTIME_PATH: dirname(dirname(dirname(plan.toolchain.daprd))),
    WEFT_DATA: plan.paths.data,
    WEFT_ADMIN_KEY_FILE: plan.paths.adminKeyFile,
    NODE_COMPILE_CACHE: plan.compileCacheFolder,
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`)
  return [...lines, `export PATH=${quote(dirname(plan.toolchain.nodeBin))}:"$PATH"`, ''].join('\n')
}

/** Quotes any value as one word for a POSIX shell. */
function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}
