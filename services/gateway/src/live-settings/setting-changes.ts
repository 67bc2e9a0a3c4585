import type { PutSettings } from '@weft/contracts'
import type { Actor } from '../core/actor.ts'

/** Settings that are changed together, and the key that changes them. */
export interface SettingChange {
  settings: PutSettings
  by: Pick<Actor, 'keyId' | 'name'>
  /** The version that the change was checked against. */
  afterVersion: number
}

export interface SettingChanges {
  /** Writes all of the settings or none: resolves to false when the settings are no longer of version `afterVersion`. Earlier values stay in the table. */
  write(change: SettingChange): Promise<boolean>
}
