import { Citation } from '@weft/contracts'
import type { Database } from '@weft/database'
import { handle } from '@weft/mesh'
import { verifyQuotes } from '@weft/retrieval'
import type { RequestHandler } from 'express'
import { z } from 'zod'

const VerifyCitations = z.object({ tenant: z.string(), citations: z.array(Citation.omit({ sourceChanged: true })) })

/** `POST /citations`: of what an agent cites, that which stands in the stored text letter by letter. */
export function verifyCitations(database: Database): RequestHandler {
  return handle(VerifyCitations, async ({ tenant, citations }) => {
    const quotes = await verifyQuotes(database, { tenant, quotes: citations })
    return citations.flatMap(({ index, verified }, n) => {
      const quote = quotes[n]
      return quote === undefined ? [] : [{ ...quote, index, verified }]
    })
  })
}
