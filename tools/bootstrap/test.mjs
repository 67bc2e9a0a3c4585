// `npm test`. Only Node's own modules are used until the toolchain stands.
import { exitOnOldNode } from './refuse-old-node.mjs'

exitOnOldNode()
import('./run-checks.mjs')
