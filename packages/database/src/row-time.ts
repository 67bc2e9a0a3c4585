import { z } from 'zod'

/** A time in a row, as RFC 3339 text in UTC. The driver reads it as a Date; within JSON it is text already. */
export const RowTime = z.union([z.date(), z.string()]).transform((time) => new Date(time).toISOString())
