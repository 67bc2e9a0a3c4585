import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * Budgets, what each has spent and given out in a period, and who holds what was given out. Money is in billionths of a US dollar. The functions keep
 * `spent + leased <= limit`: they lock the accounts they touch, always in the same order.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await createTables(db)
  await sql`
    create function budget_period_start(period text, at timestamptz) returns timestamptz language sql stable
    as $$ select case period when 'total' then 'epoch'::timestamptz else date_trunc(period, at, 'UTC') end $$
  `.execute(db)
  await createLeasing(db)
  await createCounting(db)
}

async function createTables(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table budgets (
      id text primary key, tenant text not null, scope text not null, scope_id text not null default '', period text not null,
      limit_nano bigint not null check (limit_nano >= 0), on_breach text not null, created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(), unique (tenant, scope, scope_id, period)
    )`.execute(db)
  await sql`
    create table budget_accounts (
      budget_id text not null references budgets (id) on delete cascade, period_start timestamptz not null,
      spent_nano bigint not null default 0, leased_nano bigint not null default 0, alerted_percent int not null default 0,
      primary key (budget_id, period_start)
    )`.execute(db)
  // A process that holds leases, and until when it is taken for alive without a word from it.
  await sql`create table budget_holders (holder text primary key, expires_at timestamptz not null)`.execute(db)
  await sql`
    create table budget_leases (
      budget_id text not null, period_start timestamptz not null, holder text not null references budget_holders (holder),
      amount_nano bigint not null default 0, granted_nano bigint not null default 0, returned_nano bigint not null default 0,
      primary key (budget_id, period_start, holder),
      foreign key (budget_id, period_start) references budget_accounts (budget_id, period_start) on delete cascade
    )`.execute(db)
  await sql`create index budget_leases_holder on budget_leases (holder)`.execute(db)
}

/** Gives out of all budgets asked for or of none, and takes back what a holder no longer needs. */
async function createLeasing(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function lease_budgets(holder_id text, asks jsonb, lease_ms int)
    returns table (budget_id text, period_start timestamptz, room_nano bigint, granted_nano bigint, was_granted boolean)
    language plpgsql as $$
    #variable_conflict use_column
    begin
      insert into budget_holders values (holder_id, now() + make_interval(secs => lease_ms / 1000.0))
        on conflict (holder) do update set expires_at = excluded.expires_at;
      insert into budget_accounts (budget_id, period_start)
        select a.budget_id, a.period_start from jsonb_to_recordset(asks) as a(budget_id text, period_start timestamptz)
        join budgets b on b.id = a.budget_id order by 1, 2 on conflict do nothing;
      perform 1 from budget_accounts c join jsonb_to_recordset(asks) as a(budget_id text, period_start timestamptz)
        on a.budget_id = c.budget_id and a.period_start = c.period_start order by c.budget_id, c.period_start for update of c;
      return query with judged as (
        select c.budget_id, c.period_start, a.need, a.most, b.limit_nano - c.spent_nano - c.leased_nano as room
        from jsonb_to_recordset(asks) as a(budget_id text, period_start timestamptz, need bigint, most bigint)
        join budget_accounts c on c.budget_id = a.budget_id and c.period_start = a.period_start join budgets b on b.id = c.budget_id
      ), sized as (
        select *, case when (select bool_and(room >= need) from judged)
          then case when room < 32 * need then need else greatest(need, least(most, room / 16)) end end as portion
        from judged
      ), given as (
        update budget_accounts c set leased_nano = leased_nano + s.portion from sized s
        where c.budget_id = s.budget_id and c.period_start = s.period_start and s.portion is not null
      ), held as (
        insert into budget_leases as l (budget_id, period_start, holder, amount_nano, granted_nano)
        select s.budget_id, s.period_start, holder_id, s.portion, s.portion from sized s where s.portion is not null
        on conflict (budget_id, period_start, holder) do update set amount_nano = l.amount_nano + excluded.amount_nano,
          granted_nano = l.granted_nano + excluded.granted_nano
        returning l.budget_id, l.period_start, l.granted_nano
      )
      select s.budget_id, s.period_start, s.room, coalesce(h.granted_nano, 0), h.budget_id is not null
      from sized s left join held h on h.budget_id = s.budget_id and h.period_start = s.period_start;
    end $$`.execute(db)
  // What was given back is told as a total, so that telling it twice takes nothing away.
  await sql`
    create function renew_budget_leases(holder_id text, returns jsonb, lease_ms int)
    returns table (budget_id text, period_start timestamptz, granted_nano bigint)
    language plpgsql as $$
    #variable_conflict use_column
    begin
      perform 1 from budget_accounts c join jsonb_to_recordset(returns) as r(budget_id text, period_start timestamptz)
        on r.budget_id = c.budget_id and r.period_start = c.period_start order by c.budget_id, c.period_start for update of c;
      with back as (
        select l.budget_id, l.period_start, r.total, least(l.amount_nano, greatest(0, r.total - l.returned_nano)) as amount
        from budget_leases l join jsonb_to_recordset(returns) as r(budget_id text, period_start timestamptz, total bigint)
          on r.budget_id = l.budget_id and r.period_start = l.period_start where l.holder = holder_id
      ), taken as (
        update budget_leases l set amount_nano = l.amount_nano - b.amount, returned_nano = greatest(l.returned_nano, b.total) from back b
        where l.budget_id = b.budget_id and l.period_start = b.period_start and l.holder = holder_id
      )
      update budget_accounts c set leased_nano = c.leased_nano - b.amount from back b
      where c.budget_id = b.budget_id and c.period_start = b.period_start;
      update budget_holders set expires_at = now() + make_interval(secs => lease_ms / 1000.0) where holder = holder_id;
      return query select l.budget_id, l.period_start, l.granted_nano from budget_leases l where l.holder = holder_id;
    end $$`.execute(db)
  await sql`
    create function release_budget_leases(holder_id text) returns void language plpgsql as $$
    begin
      perform 1 from budget_accounts c join budget_leases l on l.budget_id = c.budget_id and l.period_start = c.period_start
        where l.holder = holder_id order by c.budget_id, c.period_start for update of c;
      with gone as (delete from budget_leases where holder = holder_id returning budget_id, period_start, amount_nano)
      update budget_accounts c set leased_nano = c.leased_nano - g.amount_nano from gone g
      where c.budget_id = g.budget_id and c.period_start = g.period_start;
      delete from budget_holders where holder = holder_id;
    end $$`.execute(db)
}

/** Counts calls that the ledger records: what a call has cost is spent, and taken off what its process still holds. */
async function createCounting(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function count_budget_spending(calls jsonb) returns void language plpgsql as $$
    declare costs jsonb;
    begin
      select coalesce(jsonb_agg(s), '[]') into costs from (
        select b.id as budget_id, budget_period_start(b.period, c.begun_at) as period_start, c.holder, sum(c.cost_nano) as cost
        from jsonb_to_recordset(calls) as c(
          holder text, tenant text, user_id text, session_id text, agent text, begun_at timestamptz, cost_nano bigint)
        join budgets b on b.scope = 'service' or (b.tenant = c.tenant and case b.scope when 'tenant' then true
          when 'user' then b.scope_id = c.user_id when 'session' then b.scope_id = c.session_id else b.scope_id = c.agent end)
        group by 1, 2, 3) s;
      insert into budget_accounts (budget_id, period_start)
        select distinct s.budget_id, s.period_start from jsonb_to_recordset(costs) as s(budget_id text, period_start timestamptz)
        order by 1, 2 on conflict do nothing;
      perform 1 from budget_accounts c where (c.budget_id, c.period_start) in (
        select s.budget_id, s.period_start from jsonb_to_recordset(costs) as s(budget_id text, period_start timestamptz))
        order by c.budget_id, c.period_start for update;
      with spent as (
        select s.budget_id, s.period_start, s.holder, s.cost, least(coalesce(l.amount_nano, 0), s.cost) as held
        from jsonb_to_recordset(costs) as s(budget_id text, period_start timestamptz, holder text, cost bigint)
        left join budget_leases l on l.budget_id = s.budget_id and l.period_start = s.period_start and l.holder = s.holder
      ), taken as (
        update budget_leases l set amount_nano = l.amount_nano - s.held from spent s
        where l.budget_id = s.budget_id and l.period_start = s.period_start and l.holder = s.holder
      ), sums as (
        select budget_id, period_start, sum(cost) as cost, sum(held) as held from spent group by 1, 2
      )
      update budget_accounts c set spent_nano = c.spent_nano + s.cost, leased_nano = c.leased_nano - s.held from sums s
      where c.budget_id = s.budget_id and c.period_start = s.period_start;
    end $$`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop function count_budget_spending(jsonb)`.execute(db)
  await sql`drop function release_budget_leases(text)`.execute(db)
  await sql`drop function renew_budget_leases(text, jsonb, int)`.execute(db)
  await sql`drop function lease_budgets(text, jsonb, int)`.execute(db)
  await sql`drop function budget_period_start(text, timestamptz)`.execute(db)
  for (const table of ['budget_leases', 'budget_holders', 'budget_accounts', 'budgets'])
    await sql`drop table ${sql.table(table)}`.execute(db)
}
