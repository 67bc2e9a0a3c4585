import { handle } from '@weft/mesh'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { AgentCards } from '../agent-cards.ts'

/** `POST /registry`: the agents' cards the planner plans with. */
export function showRegistry(cards: AgentCards): RequestHandler {
  return handle(z.unknown(), () => cards.registry())
}
