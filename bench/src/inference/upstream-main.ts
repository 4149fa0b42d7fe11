// A mock OpenAI-compatible engine that answers at once: what the benchmarks put behind every gateway they compare.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const model = "bench-model";
const words = 64;
const usage = { prompt_tokens: 12, completion_tokens: words, total_tokens: 12 + words };
const models = JSON.stringify({
  object: "list",
  data: [{ id: model, object: "model", created: 0, owned_by: "bench" }],
});
const answer = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 0,
  model,
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "word ".repeat(words).trim() },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage,
});

function chunk(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: "chatcmpl-bench", object: "chat.completion.chunk", created: 0, model, choices })}\n\n`;
}

const wordFrame = Buffer.from(chunk({ content: "word " }, null));
const usageFrame = `data: ${JSON.stringify({ id: "chatcmpl-bench", object: "chat.completion.chunk", created: 0, model, choices: [], usage })}\n\n`;

/** One frame per turn of the event loop, as an engine emits tokens, with backpressure. */
function stream(response: ServerResponse, withUsage: boolean, frames: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk({ role: "assistant", content: "" }, null));
  let left = frames;
  const next = () => {
    if (response.destroyed) return;
    if (left === 0) {
      response.write(chunk({}, "stop"));
      if (withUsage) response.write(usageFrame);
      response.end("data: [DONE]\n\n");
      return;
    }
    left -= 1;
    if (response.write(wordFrame)) setImmediate(next);
    else response.once("drain", next);
  };
  next();
}

const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" }).end(models);
    return;
  }
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as {
      stream?: boolean;
      max_tokens?: number;
      stream_options?: { include_usage?: boolean };
    };
    if (body.stream)
      stream(response, body.stream_options?.include_usage === true, Math.min(body.max_tokens ?? words, 10_000));
    else response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
});

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.on("SIGTERM", () => server.close(() => process.exit(0)).closeAllConnections());
