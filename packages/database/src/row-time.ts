import { z } from 'zod'

/** A time of a row, which the driver reads as a Date and JSON holds as text: RFC 3339, UTC. */
export const RowTime = z.union([z.date(), z.string()]).transform((time) => new Date(time).toISOString())
