import { type Meter, metrics } from '@opentelemetry/api'

/** Instrumentation scope of everything Weft records. */
export const scopeName = 'weft'

/**
 * Instruments made at first use: modules load before metrics start, and an instrument made then would record nothing for ever.
 */
export function onceStarted<T>(create: (meter: Meter) => T): () => T {
  let made: { provider: unknown; instruments: T } | undefined
  return () => {
    const provider = metrics.getMeterProvider()
    if (made?.provider !== provider) made = { provider, instruments: create(provider.getMeter(scopeName)) }
    return made.instruments
  }
}
