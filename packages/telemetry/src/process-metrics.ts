import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Meter, ObservableResult } from '@opentelemetry/api'

/** Sampled this often: every sample wakes the process, and the figures of interest are tens of milliseconds. */
const sampleEveryMs = 20

/** Several readers share one histogram, so it is emptied by age and not by every reading. */
const delayWindowMs = 15_000

/** Memory, CPU time and event-loop delay of this process. Call what it returns to stop measuring. */
export function addProcessMetrics(meter: Meter): () => void {
  const readP99S = followEventLoopDelay()
  observe(meter.createObservableGauge('process_resident_memory_bytes', { description: 'Resident memory of this process' }), () =>
    process.memoryUsage.rss(),
  )
  observe(meter.createObservableCounter('process_cpu_seconds', { description: 'CPU time used by this process' }), () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000_000
  })
  observe(
    meter.createObservableGauge('nodejs_eventloop_delay_p99_seconds', {
      description: 'Event loop delay, p99 of the last 15 to 30 s',
    }),
    readP99S.read,
  )
  return readP99S.stop
}

interface Observable {
  addCallback(callback: (result: ObservableResult) => void): void
}

function observe(instrument: Observable, read: () => number): void {
  instrument.addCallback((result) => result.observe(read()))
}

function followEventLoopDelay(): { read: () => number; stop: () => void } {
  const delay = monitorEventLoopDelay({ resolution: sampleEveryMs })
  delay.enable()
  let previousS = 0
  let since = performance.now()
  return {
    read() {
      // Node measures the whole time between two samples, the wanted interval included.
      const nowS = Math.max(0, delay.percentile(99) / 1e9 - sampleEveryMs / 1_000)
      const p99S = Math.max(nowS, previousS)
      if (performance.now() - since > delayWindowMs) {
        previousS = nowS
        since = performance.now()
        delay.reset()
      }
      return p99S
    },
    stop: () => delay.disable(),
  }
}
