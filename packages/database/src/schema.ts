import type { Generated } from 'kysely'
import type { AdministrationSchema } from './administration-schema.ts'
import type { Bigint, CreatedAt, Json, Timestamp } from './column-types.ts'

/** All tables, as the newest migration leaves them. Columns are snake_case. */
export interface Schema extends AdministrationSchema {
  files: {
    id: string
    tenant: string
    filename: string
    bytes: Bigint
    purpose: string
    mime_type: string | null
    content_hash: string
    upload_key: string | null
    expires_at: Timestamp | null
    created_at: CreatedAt
  }
  file_parts: { file_id: string; n: number; bytes: Buffer }
  /** The text that offsets refer to; empty when it is stored in `file_text_pieces`. `pages` are ranges of its code points. */
  file_texts: { file_id: string; text: string; text_hash: string; pages: Json<object> | null }
  /** `start_offset` and `length` are in code points. */
  file_text_pieces: { file_id: string; n: number; start_offset: number; length: number; text: string }
  vector_stores: {
    id: string
    tenant: string
    name: string
    metadata: Json<Record<string, string>>
    created_at: CreatedAt
    last_active_at: CreatedAt
    expires_after_days: number | null
    /** When the contents of an expired store were removed. */
    emptied_at: Timestamp | null
  }
  vector_store_files: {
    vector_store_id: string
    file_id: string
    tenant: string
    attributes: Json<object>
    chunking_strategy: Json<object>
    status: string
    last_error: Json<object> | null
    usage_bytes: Generated<Bigint>
    batch_id: string | null
    attempts: Generated<number>
    created_at: CreatedAt
    updated_at: CreatedAt
  }
  file_batches: { id: string; vector_store_id: string; tenant: string; created_at: CreatedAt }
  chunks: {
    id: Generated<string>
    tenant: string
    vector_store_id: string
    file_id: string
    n: number
    start_offset: number
    end_offset: number
    page: number | null
    heading: string | null
    title: string
    text: string
    attributes: Json<object>
    /** Words within words: `user name` for `userName`, and pairs of letters of text that is written without spaces. */
    identifiers: Generated<string>
    /** What a model says of the chunk's place in its document. It is also part of `title`, so that search finds the chunk by it. */
    header: Generated<string | null>
  }
  /** `key` is a hash of the model, the document and the chunk. The header is empty when the model had nothing to say. */
  chunk_headers: { tenant: string; file_id: string; key: string; header: string; created_at: CreatedAt }
  /**
   * At most one model is active: it embeds new chunks, and questions. At most one is being rebuilt: its vectors are made beside those of the active one. The
   * vectors of a retired one are being deleted.
   */
  embedding_models: {
    id: string
    dimensions: number
    is_normalised: boolean
    is_active: Generated<boolean>
    rebuild_started_at: Timestamp | null
    retired_at: Timestamp | null
    created_at: CreatedAt
  }
  chunk_embeddings: {
    model: string
    chunk_id: Bigint
    n: number
    tenant: string
    vector_store_id: string
    text_hash: Buffer
    embedding: string
  }
  /** Chunks that wait for their vectors of a model. `claimed_until` is set while a worker makes them. */
  embedding_queue: {
    model: string
    chunk_id: Bigint
    vector_store_id: string
    file_id: string
    claimed_until: Timestamp | null
  }
  sessions: {
    tenant: string
    id: string
    user_id: string | null
    status: string
    title: string
    created_at: CreatedAt
    updated_at: Timestamp
    last_seq: number
    root_session_id: string | null
    compacted_at: Timestamp | null
    /** The newest event that the archive holds, once the session was archived. */
    archived_seq: number | null
  }
  session_events: {
    tenant: string
    session_id: string
    seq: number
    at: Timestamp
    type: string
    turn: number
    step_id: string | null
    data: Json<object>
  }
  messages: { tenant: string; session_id: string; turn: number; role: string; content: Json<object>; at: Timestamp }
  /** `rating` is `up`, `down`, or 1 to 5; `answer` holds its citations. */
  feedback: {
    tenant: string
    session_id: string
    turn: number
    given_by: string
    rating: string
    comment: string | null
    question: Json<object> | null
    answer: Json<object>
    at: CreatedAt
  }
  /** `response` is OpenAI's object, `input` the items it was asked with. */
  responses: {
    tenant: string
    id: string
    previous_id: string | null
    input: Json<object>
    response: Json<object>
    created_at: CreatedAt
    expires_at: Timestamp
  }
  /** The models chosen for answers, so that feedback finds them; `routing_outcomes` tells how good the answers were. */
  routing_choices: {
    id: string
    tenant: string
    session_id: string | null
    turn: number | null
    choice: Json<object>
    at: CreatedAt
  }
  routing_outcomes: {
    seq: Generated<Bigint>
    tenant: string
    writer: string
    kind: string
    reward: number
    output_tokens: number | null
    choice: Json<object>
    at: CreatedAt
  }
  /** Answers of models that may be given again. `content` holds the pieces that were sent. */
  cached_answers: {
    tenant: string
    key: string
    scope_key: string
    model: string
    content: Json<object>
    bytes: number
    vector: Json<number[]> | null
    expires_at: Timestamp
    used_at: CreatedAt
  }
  /** Calls of models. `first_call_id` is the id of the first attempt; `receipt` tells why this model was chosen. */
  model_calls: {
    id: string
    tenant: string
    kind: string
    key_id: string | null
    user_id: string | null
    session_id: string | null
    turn: number | null
    step_id: string | null
    agent: string
    model: string
    provider: string
    price: Json<object> | null
    price_known: boolean
    attempt: number
    first_call_id: string
    is_streamed: boolean
    started_at: Timestamp
    outcome: string
    error_code: string | null
    input_tokens: Bigint
    output_tokens: Bigint
    cached_input_tokens: Bigint | null
    reasoning_tokens: Bigint | null
    cost_usd: string
    measured: boolean
    duration_ms: number | null
    first_token_ms: number | null
    receipt: Json<object> | null
  }
  blobs: { tenant: string; session_id: Generated<string>; hash: string; content: Json<object>; created_at: CreatedAt }
  /** `list` is the name of a table or, for the files in a vector store, the id of the store. */
  deleted_places: { tenant: string; list: string; id: string; created_at: Timestamp; deleted_at: CreatedAt }
  deleted_sessions: { tenant: string; id: string; deleted_at: CreatedAt }
  /** The newest state of every approval. `seq` is the event of the session that it comes from. */
  approvals: {
    tenant: string
    id: string
    session_id: string
    root_session_id: string
    status: string
    risk: string
    assignees: string[]
    requested_at: Timestamp
    deadline: Timestamp | null
    snoozed_until: Timestamp | null
    seq: number
    approval: Json<object>
  }
  /** Append-only; each tenant's entries are a chain of hashes. */
  approval_history: {
    tenant: string
    position: Bigint
    approval_id: string
    session_id: string
    seq: number
    at: Timestamp
    entry: Json<object>
    previous_hash: string
    hash: string
  }
  /** Links to approval pages by which somebody decided. They are kept until they would have expired, because each decides once. */
  used_page_tokens: { tenant: string; token_hash: string; expires_at: Timestamp }
  /** What is to be delivered to whom. Rows stay for a week, delivered or given up, for whoever asks why a message did not come. */
  notifications: {
    id: Generated<string>
    tenant: string
    channel: string
    target: string
    approval_id: string
    seq: number
    payload: Json<object>
    attempts: Generated<number>
    due_at: CreatedAt
    delivered_at: Timestamp | null
    last_error: string | null
    created_at: CreatedAt
  }
  /** What may be spent in each period, in billionths of a US dollar. A budget with the scope `service` holds for all tenants together. */
  budgets: {
    id: string
    tenant: string
    scope: string
    scope_id: Generated<string>
    period: string
    limit_nano: Bigint
    on_breach: string
    created_at: CreatedAt
    updated_at: CreatedAt
  }
  /** What a budget has spent and leased out in one period. `alerted_percent` is the last share that was told. */
  budget_accounts: {
    budget_id: string
    period_start: Timestamp
    spent_nano: Generated<Bigint>
    leased_nano: Generated<Bigint>
    alerted_percent: Generated<number>
    /** A call found no room while most of the budget was spent. */
    is_full: Generated<boolean>
  }
  /** Processes that hold leases. One that has not been heard of by `expires_at` is taken for dead; from `adopted_at` on another process records its last calls. */
  budget_holders: { holder: string; expires_at: Timestamp; adopted_at: Timestamp | null }
  /** `amount_nano` is what the holder may still spend; `granted_nano` and `returned_nano` are totals. */
  budget_leases: {
    budget_id: string
    period_start: Timestamp
    holder: string
    amount_nano: Generated<Bigint>
    granted_nano: Generated<Bigint>
    returned_nano: Generated<Bigint>
  }
}
