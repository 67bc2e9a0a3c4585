import { z } from 'zod'

/** Which session it is, among those of all tenants. */
export const SessionPlace = z.object({ tenant: z.string().min(1), sessionId: z.string().min(1) })
export type SessionPlace = z.infer<typeof SessionPlace>
