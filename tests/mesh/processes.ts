import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Whether tests can look at processes and sockets from outside: Linux tells of them in /proc. */
export const canSeeProcesses = existsSync('/proc/self/net/tcp')

/** Ids of all processes that were given this folder by their command line or environment, such as a mesh's own data folder. */
export function processesWith(folder: string): number[] {
  return processIds().filter((pid) => [`cmdline`, `environ`].some((file) => read(`/proc/${pid}/${file}`).includes(folder)))
}

/** Whether this process runs; one that ended and was not yet taken note of does not. */
export function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`)
  return stat !== '' && !stat.slice(stat.lastIndexOf(')')).startsWith(') Z')
}

export interface Listener {
  pid: number
  /** As the system writes it, in hexadecimal. */
  address: string
  port: number
}

/** Every TCP port on which one of these processes takes connections. */
export function listenersOf(pids: number[]): Listener[] {
  const owners = new Map(pids.flatMap((pid) => socketsOf(pid).map((socket) => [socket, pid] as const)))
  return ['tcp', 'tcp6'].flatMap((table) =>
    read(`/proc/self/net/${table}`)
      .split('\n')
      .slice(1)
      .flatMap((line): Listener[] => {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
        const [address = '', port = ''] = local.split(':')
        const pid = owners.get(inode)
        return state === listening && pid !== undefined ? [{ pid, address, port: Number.parseInt(port, 16) }] : []
      }),
  )
}

/** TCP_LISTEN of the Linux kernel (net/tcp_states.h). */
const listening = '0A'

/** 127.0.0.1, ::1 and 127.0.0.1 written for IPv6: four bytes at a time, the last first. */
const loopback = new Set(['0100007F', '00000000000000000000000001000000', '0000000000000000FFFF00000100007F'])

export function isLoopback({ address }: Listener): boolean {
  return loopback.has(address)
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode === undefined ? [] : [inode]
    })
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function processIds(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) && isRunning(Number(name)) ? [Number(name)] : []))
}

/** Empty for what is gone or belongs to another user. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
