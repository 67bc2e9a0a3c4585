import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * What the ledger records is spent in the same transaction, whoever records it: budgets and ledger cannot come apart. The id of a call tells the life
 * of the process that made it, and so the lease it was made from.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table budget_holders add column adopted_at timestamptz`.execute(db)
  await sql`alter table budget_accounts add column is_full boolean not null default false`.execute(db)
  await createSpending(db)
  await createReleasing(db)
  await createAlerts(db)
}

async function createSpending(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function spend_model_calls() returns trigger language plpgsql as $$
    declare calls jsonb;
    begin
      if not exists (select from budgets) then return null; end if;
      select jsonb_agg(jsonb_build_object('holder', substr(id, 6, 10), 'tenant', tenant, 'user_id', user_id, 'session_id', session_id,
        'agent', agent, 'begun_at', started_at, 'cost_nano', round(cost_usd * 1000000000))) into calls from stored where cost_usd > 0;
      if calls is not null then perform count_budget_spending(calls); end if;
      -- A process that others record calls of is gone: its last words are told.
      update budget_holders h set adopted_at = now() from stored s
        where h.holder = substr(s.id, 6, 10) and (s.outcome = 'lost' or h.expires_at < now());
      return null;
    end $$`.execute(db)
  await sql`
    create trigger model_calls_are_spent after insert on model_calls referencing new table as stored
    for each statement execute function spend_model_calls()
  `.execute(db)
  // What was spent in its period before a budget was made.
  await sql`
    create function open_budget_account(wanted text) returns void language sql as $$
      insert into budget_accounts (budget_id, period_start, spent_nano)
      select b.id, budget_period_start(b.period, now()), coalesce((
        select sum(round(c.cost_usd * 1000000000)) from model_calls c
        where c.started_at >= budget_period_start(b.period, now()) and (b.scope = 'service' or (c.tenant = b.tenant and case b.scope
          when 'tenant' then true when 'user' then c.user_id = b.scope_id when 'session' then c.session_id = b.scope_id
          else c.agent = b.scope_id end))), 0)
      from budgets b where b.id = wanted on conflict do nothing
    $$`.execute(db)
}

/** Five seconds: the ledger stores what a process left in batches, one soon after the other. */
async function createReleasing(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function release_dead_budget_holders(silent_ms int) returns setof text language plpgsql as $$
    declare gone text;
    begin
      for gone in select holder from budget_holders where expires_at < now() and (adopted_at < now() - interval '5 seconds'
        or expires_at < now() - make_interval(secs => silent_ms / 1000.0)) for update skip locked
      loop
        perform release_budget_leases(gone);
        return next gone;
      end loop;
    end $$`.execute(db)
}

/** Each share of a budget is told once in its period, to every webhook and every administrator with an address. */
async function createAlerts(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function tell_budget_alerts() returns trigger language plpgsql as $$
    declare b budgets; reached int;
    begin
      select * into b from budgets where id = new.budget_id;
      if b.limit_nano = 0 then return new; end if;
      reached := case when new.is_full then 100 else least(100, new.spent_nano / (b.limit_nano / 100.0)) end;
      if reached < 50 or new.alerted_percent >= 100 then return new; end if;
      insert into notifications (tenant, channel, target, approval_id, seq, payload)
      select b.tenant, t.channel, t.target, b.id || '@' || to_char(new.period_start at time zone 'UTC', 'YYYY-MM-DD'), p.percent,
        jsonb_build_object('type', 'budget.alert', 'timestamp', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'data', jsonb_strip_nulls(jsonb_build_object('budgetId', b.id, 'scope', b.scope, 'id', nullif(b.scope_id, ''), 'period', b.period,
            'percent', p.percent, 'limitUsd', b.limit_nano / 1e9, 'spentUsd', new.spent_nano / 1e9, 'onBreach', b.on_breach)))
      from unnest(array[50, 80, 100]) as p(percent), (
        select 'webhook' as channel, id as target from webhooks where tenant = b.tenant
        union select 'email', name from api_keys where tenant = b.tenant and 'admin' = any(scopes) and name like '_%@_%'
          and revoked_at is null and (expires_at is null or expires_at > now())) t
      where p.percent <= reached and p.percent > new.alerted_percent on conflict do nothing;
      new.alerted_percent := greatest(new.alerted_percent, case when reached >= 100 then 100 when reached >= 80 then 80 else 50 end);
      return new;
    end $$`.execute(db)
  await sql`
    create trigger budget_alerts_are_told before update of spent_nano, is_full on budget_accounts
    for each row execute function tell_budget_alerts()
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop trigger budget_alerts_are_told on budget_accounts`.execute(db)
  await sql`drop function tell_budget_alerts()`.execute(db)
  await sql`drop function release_dead_budget_holders(int)`.execute(db)
  await sql`drop function open_budget_account(text)`.execute(db)
  await sql`drop trigger model_calls_are_spent on model_calls`.execute(db)
  await sql`drop function spend_model_calls()`.execute(db)
  await sql`alter table budget_accounts drop column is_full`.execute(db)
  await sql`alter table budget_holders drop column adopted_at`.execute(db)
}
