import { runService } from '@weft/mesh'
import { composeOrchestrator } from './compose.ts'
import { readOrchestratorSettings } from './settings.ts'

await runService('orchestrator', { settings: readOrchestratorSettings, compose: composeOrchestrator })
