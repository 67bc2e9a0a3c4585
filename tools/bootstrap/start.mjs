// `npm start`. Only Node's own modules are used until the toolchain stands.
import { exitOnOldNode } from './refuse-old-node.mjs'

exitOnOldNode()
import('./start-mesh.mjs')
