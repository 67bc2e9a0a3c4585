import { argv } from 'node:process'
import { buildModel } from './build-model.ts'

const [from = '', to = ''] = argv.slice(2)
await buildModel({ from, to })
