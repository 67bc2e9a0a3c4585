import OpenAI from 'openai'

/** The whole life of a vector store, by OpenAI's published client. Answers what it saw, as `store_life.py` prints it. */
export async function storeLife(client: OpenAI): Promise<object> {
  const stores = client.vectorStores
  const interval = { pollIntervalMs: 50 }
  const store = await stores.create({ name: 'life', metadata: { team: 'sea' } })
  const uploaded = await client.files.create({ file: named('tides.md', 'The moon raises the tides. 🌊'), purpose: 'assistants' })
  const attributes = { topic: 'sea', year: 2026 }
  const attached = await stores.files.createAndPoll(store.id, { file_id: uploaded.id, attributes }, interval)
  const breads = [1, 2, 3].map((n) => named(`bread-${n}.md`, `Bread number ${n} rises with yeast.`))
  const batch = await stores.fileBatches.uploadAndPoll(store.id, { files: breads }, interval)
  const filters: OpenAI.CompoundFilter = {
    type: 'and',
    filters: [
      { type: 'eq', key: 'topic', value: 'sea' },
      { type: 'gte', key: 'year', value: 2026 },
    ],
  }
  const filtered = await stores.search(store.id, { query: 'what raises tides and bread', filters })
  const every = await stores.search(store.id, { query: 'what raises tides and bread', max_num_results: 10 })
  const expiry = { expires_after: { anchor: 'last_active_at', days: 3 } } as const
  const expiring = await stores.update(store.id, expiry)
  const brief = { anchor: 'created_at', seconds: 3_600 } as const
  const briefFile = await client.files.create({
    file: named('brief.md', 'Soon gone.'),
    purpose: 'assistants',
    expires_after: brief,
  })
  const renamed = await stores.update(store.id, { name: 'long life', metadata: { team: 'land' } })
  const changed = await stores.files.update(uploaded.id, { vector_store_id: store.id, attributes: { topic: 'moon' } })
  const afterChange = await stores.search(store.id, { query: 'what raises tides', filters })
  const page = await stores.files.list(store.id, { limit: 3, order: 'asc' })
  const paged = new Set<string>()
  for await (const file of stores.files.list(store.id, { limit: 3, order: 'asc' })) paged.add(file.id)
  const content = await stores.files.content(uploaded.id, { vector_store_id: store.id })
  const left = await stores.files.delete(uploaded.id, { vector_store_id: store.id })
  const stillThere = await client.files.retrieve(uploaded.id)
  const { file_counts: counts } = await stores.retrieve(store.id)
  const deleted = await stores.delete(store.id)
  const gone = await stores
    .retrieve(store.id)
    .catch((error: unknown) => (error instanceof OpenAI.NotFoundError ? error.status : error))
  return {
    created: { name: store.name, metadata: store.metadata, status: store.status },
    attached: { status: attached.status, attributes: attached.attributes },
    batch: { status: batch.status, completed: batch.file_counts.completed, total: batch.file_counts.total },
    filtered: filtered.data.map(({ filename }) => filename),
    every: [...new Set(every.data.map(({ filename }) => filename))].toSorted(),
    expiring: { ...expiring.expires_after, after: (expiring.expires_at ?? 0) - (expiring.last_active_at ?? 0) },
    briefFileFor: (briefFile.expires_at ?? 0) - briefFile.created_at,
    renamed: { name: renamed.name, metadata: renamed.metadata },
    changed: changed.attributes,
    afterChange: afterChange.data.map(({ filename }) => filename),
    firstPage: { files: page.data.length, hasMore: page.has_more },
    pagedFiles: paged.size,
    content: content.data.map(({ text }) => text ?? '').join(''),
    left: left.deleted,
    stillThere: stillThere.filename,
    completed: counts.completed,
    deleted: deleted.deleted,
    gone,
  }
}

function named(name: string, text: string): File {
  return new File([text], name)
}
