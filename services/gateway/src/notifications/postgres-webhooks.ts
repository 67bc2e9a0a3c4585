import { parseValue } from '@weft/contracts'
import { type Database, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import { rotationSeconds, secretsMax, type Webhook, type WebhookStore } from './webhook-store.ts'

const Row = z.object({ id: z.string(), tenant: z.string(), url: z.string(), created_at: RowTime, rotated_at: RowTime.nullable() })
const Target = z.object({ url: z.string(), secrets: z.array(z.string()), is_rotating: z.boolean() })

/** Whether secrets older than the newest one still sign. */
const isRotating = sql`coalesce(rotated_at > now() - make_interval(secs => ${rotationSeconds}), false)`

/** Webhooks in the database. Their secrets are stored as they are: messages are signed with them, which a hash could not do. */
export function createPostgresWebhooks({ db }: Pick<Database, 'db'>): WebhookStore {
  return {
    async list(tenant) {
      const { rows } = await sql`
        select id, tenant, url, created_at, rotated_at from webhooks where tenant = ${tenant} order by created_at, id
      `.execute(db)
      return rows.map(toWebhook)
    },
    async insert({ id, tenant, url, secret }) {
      const { rows } = await sql`
        insert into webhooks (tenant, id, url, secrets) values (${tenant}, ${id}, ${url}, array[${secret}]::text[])
        returning id, tenant, url, created_at, rotated_at
      `.execute(db)
      return toWebhook(rows[0])
    },
    async rotate({ tenant, id, secret }) {
      const { rows } = await sql`
        update webhooks set rotated_at = now(),
          secrets = (array[${secret}]::text[] || case when ${isRotating} then secrets else secrets[1:1] end)[1:${secretsMax}::int]
        where tenant = ${tenant} and id = ${id} returning id, tenant, url, created_at, rotated_at
      `.execute(db)
      return rows.map(toWebhook)[0]
    },
    async remove({ tenant, id }) {
      const { rows } = await sql`delete from webhooks where tenant = ${tenant} and id = ${id} returning id`.execute(db)
      return rows.length > 0
    },
    async target({ tenant, id }) {
      const { rows } = await sql`
        select url, secrets, ${isRotating} as is_rotating
        from webhooks where tenant = ${tenant} and id = ${id}
      `.execute(db)
      if (rows[0] === undefined) return undefined
      const { url, secrets, is_rotating } = parseValue(Target, rows[0], 'a webhook row')
      return { url, secrets: is_rotating ? secrets : secrets.slice(0, 1) }
    },
  }
}

function toWebhook(row: unknown): Webhook {
  const { id, tenant, url, created_at, rotated_at } = parseValue(Row, row, 'a webhook row')
  return { id, tenant, url, createdAt: created_at, rotatedAt: rotated_at ?? undefined }
}
