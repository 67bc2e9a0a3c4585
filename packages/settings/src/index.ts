export { type Faults, faultSettings, readFaults } from './fault-settings.ts'
export { loadYaml } from './load-yaml.ts'
export { readSettings, SettingsError } from './read-settings.ts'
export {
  appSettings,
  databaseSettings,
  ledgerSettings,
  providerSettings,
  telemetrySettings,
} from './shared-settings.ts'
