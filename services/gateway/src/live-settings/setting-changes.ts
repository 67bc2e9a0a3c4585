import type { PutSettings } from '@weft/contracts'
import type { Actor } from '../core/actor.ts'

/** Settings that are changed together, and by which key. */
export interface SettingChange {
  settings: PutSettings
  by: Pick<Actor, 'keyId' | 'name'>
  /** The version that the change was checked against. */
  afterVersion: number
}

export interface SettingChanges {
  /** Keeps all of them or none; answers false when the settings are no longer of that version. Those before are kept. */
  write(change: SettingChange): Promise<boolean>
}
