"""A response whose stream breaks off is asked for again, by OpenAI's published client. Prints what it saw as JSON."""

import json

import openai

client = openai.OpenAI(max_retries=0)
made = client.responses.create(model="weft/direct", input="Say hello.", background=True, stream=True)
first = []
for event in made:
    first.append(event)
    if event.type == "response.output_text.delta":
        break
made.close()
id = first[0].response.id
rest = list(client.responses.retrieve(id, stream=True, starting_after=first[-1].sequence_number))
whole = client.responses.retrieve(id)
text = "".join(event.delta for event in [*first, *rest] if event.type == "response.output_text.delta")
items = [item.role for item in client.responses.input_items.list(id, order="asc", limit=1)]

print(
    json.dumps(
        {
            "isWhole": text == whole.output_text and text != "",
            "last": rest[-1].type,
            "isBackground": whole.background,
            "items": items,
        }
    )
)
