"""Drives the published openai client for Python against a mesh and prints what it saw as JSON."""

import json
import os

import openai

model = os.environ["WEFT_MODEL"]
client = openai.OpenAI(max_retries=0)
ask = [{"role": "user", "content": "Hello"}]
schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
tool = {"type": "function", "function": {"name": "get_weather", "parameters": schema}}
city = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema, "strict": True}}

seen = {"whole": client.chat.completions.create(model=model, messages=ask).choices[0].message.content}

with client.chat.completions.stream(model=model, messages=ask) as stream:
    seen["streamed"] = "".join(event.delta for event in stream if event.type == "content.delta")

call = client.chat.completions.create(model=model, messages=ask, tools=[tool]).choices[0].message.tool_calls[0]
seen["tool"] = [call.function.name, call.function.arguments]

parsed = client.chat.completions.create(model=model, messages=ask, response_format=city)
seen["parsed"] = json.loads(parsed.choices[0].message.content)["city"]

seen["response"] = client.responses.create(model=model, input="Hello").output_text
with client.responses.stream(model=model, input="Hello") as stream:
    seen["events"] = [event.type for event in stream]

seen["embedding"] = client.embeddings.create(model="openai/embedder", input="one").data[0].embedding
seen["listed"] = any(known.id == "weft/auto" for known in client.models.list())
try:
    client.models.retrieve("weft/nothing")
except openai.NotFoundError as error:
    seen["missing"] = error.code

print(json.dumps(seen))
