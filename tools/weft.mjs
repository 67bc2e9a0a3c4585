#!/usr/bin/env node
// `npx weft …` inside the checkout: runs under the machine's Node and hands over to the mesh's.
import { exitOnOldNode } from './bootstrap/refuse-old-node.mjs'

exitOnOldNode()
import('./bootstrap/run-command-line.mjs')
