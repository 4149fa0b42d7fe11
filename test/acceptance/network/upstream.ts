import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * An OpenAI-compatible engine for tests: it answers with the words it was asked for, counts what it was asked, and can be told to
 * stall, break off or refuse by the text of the prompt.
 */
export interface Upstream {
  readonly url: string;
  /** Requests whose client went away before the answer ended. */
  cancelled(): Promise<number>;
  stop(): Promise<void>;
}

interface ChatBody {
  readonly stream?: boolean;
  readonly messages: readonly { readonly content: string }[];
  readonly stream_options?: { readonly include_usage?: boolean };
}

export const upstreamModel = "echo-model";

export async function startUpstream({ host = "127.0.0.1", port = 0 } = {}): Promise<Upstream> {
  let cancelled = 0;
  const server = createServer((request, response) => {
    if (request.url === "/cancelled") return json(response, 200, { cancelled });
    if (request.method === "GET")
      return json(response, 200, {
        object: "list",
        data: [{ id: upstreamModel, object: "model", created: 0, owned_by: "test" }],
      });
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      response.once("close", () => {
        if (!response.writableEnded) cancelled += 1;
      });
      answer(JSON.parse(Buffer.concat(parts).toString("utf8")) as ChatBody, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = server.address() as AddressInfo;
  return { ...remoteUpstream(`http://${host}:${address.port}`), stop: () => close(server) };
}

/** One that runs elsewhere, at a base URL without path. */
export function remoteUpstream(base: string): Upstream {
  return {
    url: `${base}/v1`,
    async cancelled() {
      const answer = await fetch(`${base}/cancelled`);
      return ((await answer.json()) as { cancelled: number }).cancelled;
    },
    stop: () => Promise.resolve(),
  };
}

/** Prompts: `say N` answers N words; `slow N` one word each 50 ms; `break N` breaks off after N words; `refuse` answers 400. */
function answer(body: ChatBody, response: ServerResponse): void {
  const prompt = body.messages.at(-1)?.content ?? "";
  const [verb, count] = prompt.split(" ");
  const words = Math.min(Number(count ?? "4") || 4, 2000);
  if (verb === "refuse") {
    json(response, 400, {
      error: { message: "refused as asked", type: "invalid_request_error", param: null, code: "refused" },
    });
  } else if (body.stream === true) {
    stream(response, {
      words,
      delayMs: verb === "slow" ? 50 : 0,
      breaks: verb === "break",
      usage: body.stream_options?.include_usage === true,
    });
  } else if (verb === "slow") {
    const timer = setTimeout(() => json(response, 200, completion(words)), words * 50);
    response.once("close", () => clearTimeout(timer));
  } else {
    json(response, 200, completion(words));
  }
}

interface StreamPlan {
  readonly words: number;
  readonly delayMs: number;
  readonly breaks: boolean;
  readonly usage: boolean;
}

function stream(response: ServerResponse, plan: StreamPlan): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(frame({ delta: { role: "assistant", content: "" } }));
  let sent = 0;
  const next = (): void => {
    if (response.destroyed) return;
    if (sent < plan.words) {
      sent += 1;
      response.write(frame({ delta: { content: `word${sent} ` } }));
      if (plan.delayMs > 0) setTimeout(next, plan.delayMs);
      else setImmediate(next);
      return;
    }
    if (plan.breaks) {
      response.destroy();
      return;
    }
    response.write(frame({ delta: {}, finish: "stop" }));
    if (plan.usage)
      response.write(`data: ${JSON.stringify({ ...envelope, choices: [], usage: usageOf(plan.words) })}\n\n`);
    response.end("data: [DONE]\n\n");
  };
  next();
}

const envelope = { id: "chatcmpl-test", object: "chat.completion.chunk", created: 0, model: upstreamModel };

function frame(part: { delta: object; finish?: string }): string {
  const choices = [{ index: 0, delta: part.delta, logprobs: null, finish_reason: part.finish ?? null }];
  return `data: ${JSON.stringify({ ...envelope, choices })}\n\n`;
}

function completion(words: number): object {
  const content = Array.from({ length: words }, (_, index) => `word${index + 1}`).join(" ");
  return {
    id: "chatcmpl-test",
    object: "chat.completion",
    created: 0,
    model: upstreamModel,
    choices: [{ index: 0, message: { role: "assistant", content }, logprobs: null, finish_reason: "stop" }],
    usage: usageOf(words),
  };
}

function usageOf(words: number): object {
  return { prompt_tokens: 8, completion_tokens: words, total_tokens: 8 + words };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
