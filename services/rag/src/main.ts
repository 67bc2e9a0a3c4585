import { runService } from '@weft/mesh'
import { composeRag } from './compose.ts'
import { readRagSettings } from './settings.ts'

await runService('rag', { settings: readRagSettings, compose: composeRag })
