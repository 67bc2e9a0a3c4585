// Temporal's server as config/development-postgres12.yaml of its repository sets it up, with the schema its own tool installs.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'

/** `programs`: the folder of its programs; `databases`: addresses of two that are empty; `ports`: eight that are free. */
export async function startTemporalServer({ programs, databases, ports }) {
  installSchema(programs, databases.database, 'postgresql/v12/temporal')
  installSchema(programs, databases.visibility, 'postgresql/v12/visibility')
  const folder = mkdtempSync(join(tmpdir(), 'bench-temporal-'))
  const config = join(folder, 'config.yaml')
  writeFileSync(config, JSON.stringify(configOf(databases, ports)))
  const server = spawn(join(programs, 'server'), ['--config-file', config, '--allow-no-auth', 'start'], { stdio: 'ignore' })
  const address = `127.0.0.1:${ports[0]}`
  await answers(address, server)
  return {
    address,
    async stop() {
      server.kill()
      if (server.exitCode === null && server.signalCode === null) await new Promise((resolve) => server.once('exit', resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function installSchema(programs, database, schema) {
  const { hostname, port, username, pathname } = new URL(database)
  const where = ['--ep', hostname, '-p', port, '-u', username, '--pl', 'postgres12', '--db', pathname.slice(1)]
  for (const act of [
    ['setup-schema', '-v', '0.0'],
    ['update-schema', '--schema-name', schema],
  ]) {
    const { status, stderr } = spawnSync(join(programs, 'sql'), [...where, ...act], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`temporal-sql-tool ${act[0]}: ${stderr.slice(-500)}`)
  }
}

/** JSON is YAML. */
function configOf({ database, visibility }, ports) {
  const services = ['frontend', 'matching', 'history', 'worker'].map((name, index) => {
    const [grpcPort, membershipPort] = ports.slice(2 * index, 2 * index + 2)
    return [name, { rpc: { grpcPort, membershipPort, bindOnLocalHost: true } }]
  })
  const active = { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: `localhost:${ports[0]}` }
  return {
    log: { stdout: true, level: 'error' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: { default: { sql: storeOf(database, 20) }, visibility: { sql: storeOf(visibility, 2) } },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(services),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: { active },
    },
    dcRedirectionPolicy: { policy: 'noop' },
  }
}

function storeOf(database, maxConns) {
  const { host, username, pathname } = new URL(database)
  const connections = { maxConns, maxIdleConns: maxConns, maxConnLifetime: '1h' }
  const account = { user: username, password: '' }
  return {
    pluginName: 'postgres12',
    databaseName: pathname.slice(1),
    connectAddr: host,
    connectProtocol: 'tcp',
    ...account,
    ...connections,
  }
}

async function answers(address, server) {
  for (let attempt = 0; attempt < 300 && server.exitCode === null; attempt += 1, await sleep(200)) {
    const connection = await Connection.connect({ address, connectTimeout: 1_000 }).catch(() => undefined)
    if (connection === undefined) continue
    await connection.close()
    return
  }
  throw new Error('the server of Temporal did not start')
}
