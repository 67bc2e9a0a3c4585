import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { checkout, type Machine, removeFolder, temporaryFolder } from './start-and-ask.ts'

/** A clone of HEAD, with a folder of its own in place of every cache that a first start could find filled. */
export async function withEmptyMachine<T>(act: (machine: Machine) => Promise<T>): Promise<T> {
  const folder = temporaryFolder('weft-cold-')
  const root = join(folder, 'clone')
  const cache = (name: string) => join(folder, name)
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', checkout, root])
  const environment = {
    WEFT_CACHE: cache('weft'),
    XDG_CACHE_HOME: cache('cache'),
    XDG_DATA_HOME: cache('data'),
    GOMODCACHE: cache('go-modules'),
    GOCACHE: cache('go-build'),
    npm_config_cache: cache('npm'),
    pnpm_config_store_dir: cache('pnpm'),
    // A runtime of the user's own would be taken instead of building one.
    DAPR_RUNTIME_PATH: '',
  }
  try {
    return await act({ root, dataFolder: cache('mesh'), environment })
  } finally {
    // Go's module cache is read-only.
    execFileSync('chmod', ['-R', 'u+w', folder])
    removeFolder(folder)
  }
}
