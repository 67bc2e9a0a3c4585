import { runService } from '@weft/mesh'
import { composeGateway } from './compose.ts'
import { readGatewaySettings } from './settings.ts'

await runService('gateway', { settings: readGatewaySettings, compose: composeGateway })
