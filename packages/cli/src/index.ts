export { CliError, exitCodes } from './cli-error.ts'
export { type CliSettings, readCliSettings, rootFolder } from './cli-settings.ts'
export { type DataPaths, dataPaths } from './supervisor/data-paths.ts'
export { type MeshRecord, readMeshRecord } from './supervisor/mesh-file.ts'
