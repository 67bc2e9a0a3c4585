import { createOverload } from '../overload/admit-fairly.ts'
import type { PublicDeps } from '../public-app.ts'

/** For gateways of tests that are not about limits. */
export const unlimited: Pick<PublicDeps, 'limiter' | 'overload' | 'pressure'> = {
  limiter: {
    admit: () => ({ headers: () => ({}), settle: () => undefined, close: () => undefined }),
    headers: () => ({}),
  },
  overload: createOverload({ placesMax: 1_000 }),
  pressure: () => undefined,
}
