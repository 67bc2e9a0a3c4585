import { createFairPlaces } from '@weft/mesh'
import { createAttemptCounts } from '../answers/count-attempts.ts'
import type { PublicDeps } from '../public-app.ts'
import { createMemorySharedState } from './memory-shared-state.ts'

/** For gateways of tests that are not about limits. */
export const unlimited: Pick<PublicDeps, 'attempts' | 'limiter' | 'overload' | 'submissions' | 'pressure'> = {
  attempts: createAttemptCounts(createMemorySharedState()),
  limiter: {
    admit: () => ({ headers: () => ({}), settle: () => undefined, close: () => undefined }),
    headers: () => ({}),
  },
  overload: createFairPlaces({ of: 'the gateway', placesMax: 1_000 }),
  submissions: createFairPlaces({ of: 'the gateway', placesMax: 1_000 }),
  pressure: () => undefined,
}
