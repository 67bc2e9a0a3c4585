import { runService } from '@weft/mesh'
import { composeReasoning } from './compose.ts'
import { readReasoningSettings } from './settings.ts'

await runService('reasoning', { settings: readReasoningSettings, compose: composeReasoning })
