import type { ColumnType, JSONColumnType } from 'kysely'

export type Timestamp = ColumnType<Date, Date | string, Date | string>
export type CreatedAt = ColumnType<Date, Date | string | undefined, Date | string>
export type Bigint = ColumnType<string, number | string, number | string>
export type Json<T extends object> = JSONColumnType<T, string, string>
