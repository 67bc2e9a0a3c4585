import type { Database } from '@weft/database'
import type { CallControls } from './attempt/call-controls.ts'
import { unpricedModels } from './attempt/unpriced-models.ts'
import { type Budgets, startBudgets } from './budgets/start-budgets.ts'
import type { LedgerLog } from './ledger/ledger-log.ts'
import { type Ledger, openLedger } from './ledger/open-ledger.ts'
import { createPostgresCalls } from './ledger/postgres-calls.ts'
import type { ModelSettings } from './model-settings.ts'
import { createBreakerBoard } from './resilience/breaker-board.ts'
import type { SharedState } from './resilience/shared-state.ts'

export interface ControlsOptions {
  settings: ModelSettings & { WEFT_LEDGER_FOLDER: string }
  /** The name of the service that makes the calls. */
  service: string
  database: Pick<Database, 'db'>
  /** A connection with more patience, by which the ledger stores calls; default `database`. */
  patient?: Pick<Database, 'db'>
  /** The state of breakers that all processes share. */
  shared: SharedState
  logger: LedgerLog
}

/** What every call of a model passes in this process: budgets, breakers, the ledger, and a price for models without one. */
export interface OpenControls {
  controls: CallControls & Required<Pick<CallControls, 'budgets' | 'breakers' | 'ledger' | 'unpriced'>>
  budgets: Budgets
  ledger: Ledger
  /** Gives back what budgets hold for this process, and stores what its ledger can. */
  stop(): Promise<void>
}

/** Opens the controls. Throws ModelError for settings that cannot be used. The ledger begins to take over journals of dead processes only when it is started. */
export function openControls({ settings, service, database, patient, shared, logger }: ControlsOptions): OpenControls {
  const unpriced = () => unpricedModels(settings)
  unpriced()
  const budgets = startBudgets({ database, logger })
  const ledger = openLedger({
    folder: settings.WEFT_LEDGER_FOLDER,
    service,
    calls: createPostgresCalls(patient ?? database),
    logger,
  })
  return {
    controls: { budgets: budgets.gate, breakers: createBreakerBoard({ shared }), ledger, unpriced },
    budgets,
    ledger,
    async stop() {
      await Promise.all([ledger.stop(), budgets.stop()])
    },
  }
}
