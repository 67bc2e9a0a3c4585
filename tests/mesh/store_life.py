"""The whole life of a vector store, by OpenAI's published client. Prints what it saw as JSON; told where in its environment."""
import io
import json

import openai

client = openai.OpenAI(max_retries=0)
stores = client.vector_stores


def named(name: str, text: str) -> io.BytesIO:
    file = io.BytesIO(text.encode())
    file.name = name
    return file


store = stores.create(name="life", metadata={"team": "sea"})
uploaded = client.files.create(file=named("tides.md", "The moon raises the tides. 🌊"), purpose="assistants")
attached = stores.files.create_and_poll(
    uploaded.id, vector_store_id=store.id, attributes={"topic": "sea", "year": 2026}, poll_interval_ms=50
)
batch = stores.file_batches.upload_and_poll(
    store.id,
    files=[named(f"bread-{n}.md", f"Bread number {n} rises with yeast.") for n in (1, 2, 3)],
    poll_interval_ms=50,
)
filters = {"type": "and", "filters": [{"type": "eq", "key": "topic", "value": "sea"}, {"type": "gte", "key": "year", "value": 2026}]}
filtered = stores.search(store.id, query="what raises tides and bread", filters=filters)
every = stores.search(store.id, query="what raises tides and bread", max_num_results=10)
expiring = stores.update(store.id, expires_after={"anchor": "last_active_at", "days": 3})
brief_file = client.files.create(
    file=named("brief.md", "Soon gone."), purpose="assistants", expires_after={"anchor": "created_at", "seconds": 3600}
)
renamed = stores.update(store.id, name="long life", metadata={"team": "land"})
changed = stores.files.update(uploaded.id, vector_store_id=store.id, attributes={"topic": "moon"})
after_change = stores.search(store.id, query="what raises tides", filters=filters)
page = stores.files.list(store.id, limit=3, order="asc")
paged = [file.id for file in stores.files.list(store.id, limit=3, order="asc")]
content = stores.files.content(uploaded.id, vector_store_id=store.id)
left = stores.files.delete(uploaded.id, vector_store_id=store.id)
still_there = client.files.retrieve(uploaded.id)
counts = stores.retrieve(store.id).file_counts.completed
deleted = stores.delete(store.id)
try:
    stores.retrieve(store.id)
    gone = None
except openai.NotFoundError as error:
    gone = error.status_code

print(
    json.dumps(
        {
            "created": {"name": store.name, "metadata": store.metadata, "status": store.status},
            "attached": {"status": attached.status, "attributes": attached.attributes},
            "batch": {"status": batch.status, "completed": batch.file_counts.completed, "total": batch.file_counts.total},
            "filtered": [hit.filename for hit in filtered],
            "every": sorted({hit.filename for hit in every}),
            "expiring": {**expiring.expires_after.model_dump(), "after": expiring.expires_at - expiring.last_active_at},
            "briefFileFor": brief_file.expires_at - brief_file.created_at,
            "renamed": {"name": renamed.name, "metadata": renamed.metadata},
            "changed": changed.attributes,
            "afterChange": [hit.filename for hit in after_change],
            "firstPage": {"files": len(page.data), "hasMore": page.has_more},
            "pagedFiles": len(set(paged)),
            "content": "".join(part.text or "" for part in content),
            "left": left.deleted,
            "stillThere": still_there.filename,
            "completed": counts,
            "deleted": deleted.deleted,
            "gone": gone,
        }
    )
)
