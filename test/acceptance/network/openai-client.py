"""Uses the official client as an application does and prints what it saw as one JSON object."""

import json
import sys

import openai

CHAT = "smollm2-135m-instruct"
EMBEDDING = "all-minilm-l6-v2"
MESSAGES = [{"role": "user", "content": "The capital of France is"}]

client = openai.OpenAI(max_retries=0, timeout=30)


def chat():
    raw = client.chat.completions.with_raw_response.create(model=CHAT, messages=MESSAGES, max_tokens=12, seed=1, temperature=0)
    answer = raw.parse()
    return {
        "content": answer.choices[0].message.content,
        "finish": answer.choices[0].finish_reason,
        "usage": answer.usage.model_dump(include={"prompt_tokens", "completion_tokens", "total_tokens"}),
        "request_id": raw.headers["x-request-id"],
        "manifest": raw.headers["x-koinon-model"],
    }


def stream():
    text, finish, usage = "", None, None
    options = {"include_usage": True}
    with client.chat.completions.create(
        model=CHAT, messages=MESSAGES, max_tokens=12, seed=1, temperature=0, stream=True, stream_options=options
    ) as chunks:
        for chunk in chunks:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
            usage = chunk.usage or usage
    return {"content": text, "finish": finish, "completion_tokens": usage.completion_tokens}


def completion():
    answer = client.completions.create(model=CHAT, prompt="One, two, three,", max_tokens=6, temperature=0)
    return {"text": answer.choices[0].text, "completion_tokens": answer.usage.completion_tokens}


def embeddings():
    texts = ["a cat sat on the mat", "a kitten lay on the rug", "quarterly tax returns"]
    # The client asks for base64 unless it is told otherwise, and decodes it.
    vectors = [entry.embedding for entry in client.embeddings.create(model=EMBEDDING, input=texts).data]
    floats = client.embeddings.create(model=EMBEDDING, input=texts[0], encoding_format="float").data[0].embedding
    product = lambda a, b: sum(x * y for x, y in zip(a, b))
    return {
        "dimensions": [len(vector) for vector in vectors],
        "norm": product(vectors[0], vectors[0]),
        "base64_is_float": max(abs(x - y) for x, y in zip(vectors[0], floats)),
        "near": product(vectors[0], vectors[1]),
        "far": product(vectors[0], vectors[2]),
    }


def models():
    return {"ids": sorted(model.id for model in client.models.list()), "one": client.models.retrieve(CHAT).id}


def error_of(call):
    try:
        call()
    except openai.APIStatusError as error:
        return {
            "class": type(error).__name__,
            "status": error.status_code,
            "type": error.type,
            "code": error.code,
            "request_id": bool(error.request_id),
        }
    return None


def errors():
    stranger = client.with_options(api_key="sk-koinon-wrong")
    return {
        "wrong key": error_of(lambda: stranger.chat.completions.create(model=CHAT, messages=MESSAGES)),
        "unknown model": error_of(lambda: client.chat.completions.create(model="no-such-model", messages=MESSAGES)),
        "bad parameter": error_of(lambda: client.chat.completions.create(model=CHAT, messages=MESSAGES, temperature=9)),
        "bad parameter, stream": error_of(
            lambda: client.chat.completions.create(model=CHAT, messages=MESSAGES, temperature=9, stream=True)
        ),
        "no such model to read": error_of(lambda: client.models.retrieve("no-such-model")),
    }


json.dump({call.__name__: call() for call in (chat, stream, completion, embeddings, models, errors)}, sys.stdout)
