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
  /** Its name: whose calls these are. */
  service: string
  database: Pick<Database, 'db'>
  /** Where the ledger stores calls, which may take longer than whoever waits for an answer waits; default `database`. */
  patient?: Pick<Database, 'db'>
  /** Of breakers. */
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

/** Throws ModelError for settings that cannot be. The ledger takes over what dead processes left once it is started. */
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
