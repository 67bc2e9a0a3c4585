import { expect, it } from '@jest/globals'
import { renderStatus } from './status-table.ts'

const redis = { name: 'redis', pid: 12, ports: { tcp: 6400 }, state: 'ready' as const, restarts: 0, rssMb: 11.6 }
const rag = { name: 'rag', ports: {}, state: 'restarting' as const, restarts: 3, rssMb: 0, lastExit: 'exited with 1 at noon' }

it('shows each process with its state, memory, restarts, ports and last exit', () => {
  const [head, , ...rows] = renderStatus({ url: 'http://127.0.0.1:8000', up: true, ready: false, processes: [redis, rag] }).split(
    '\n',
  )
  expect(head).toBe('http://127.0.0.1:8000  not ready  12 MB resident')
  expect(rows).toEqual([
    'redis    ready        12   12 MB         0  tcp=6400',
    'rag      restarting    -    0 MB         3            exited with 1 at noon',
  ])
})

it('says how to start a mesh that is not up, and how to end what is left of one', () => {
  expect(renderStatus({ url: 'u', up: false, ready: false, processes: [] })).toContain('npm start')
  expect(renderStatus({ url: 'u', up: false, ready: false, processes: [redis] })).toContain('npx weft down')
})
