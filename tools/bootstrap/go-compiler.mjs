import { BootstrapError } from './bootstrap-error.mjs'
import { findProgram, pathFolders } from './find-program.mjs'
import { isAtLeast } from './parse-version.mjs'
import { DAPR_MINIMUM, GO_MINIMUM } from './pins.mjs'
import { askCommand } from './run-command.mjs'

/** The path of a usable Go, from PATH or where Go's own installer puts it. */
export async function requireGo(env) {
  const go = findProgram('go', [...pathFolders(env), '/usr/local/go/bin'])
  const remedy = `install Dapr ${DAPR_MINIMUM} or newer with \`dapr init --slim\`, or Go (https://go.dev/dl), and run it again`
  if (!go) throw new BootstrapError('NO_GO', `could not find Dapr, nor Go to build it with: ${remedy}`)
  const version =
    (await askCommand(go, ['env', 'GOVERSION'], { env: { ...env, GOTOOLCHAIN: 'local' } })) ?? 'of an unknown version'
  if (!isAtLeast(version, GO_MINIMUM)) {
    throw new BootstrapError('OLD_GO', `could not build Dapr with Go ${version}: ${GO_MINIMUM} or newer is needed; ${remedy}`)
  }
  return go
}

/**
 * Settings of the user's that point Go at another module, workspace or target would change what is built. Go's own scratch
 * files go to `scratch`, because a Go that is ended by a signal leaves them behind.
 */
export function goEnvironment(env, scratch) {
  return { ...env, CGO_ENABLED: '0', GOWORK: 'off', GO111MODULE: 'on', GOOS: '', GOARCH: '', GOTMPDIR: scratch }
}
