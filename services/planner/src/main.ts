import { runService } from '@weft/mesh'
import { composePlanner } from './compose.ts'
import { readPlannerSettings } from './settings.ts'

await runService('planner', { settings: readPlannerSettings, compose: composePlanner })
