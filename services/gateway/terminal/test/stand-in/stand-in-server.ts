import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { manifestBytes } from "@koinon/receipts/manifest";
import { scriptFor } from "./scripts.ts";
import { budgetView, keyView, type StandInKey, StandInKeys } from "./stand-in-keys.ts";
import { receiptIdOf, type StandInSettlement } from "./stand-in-market.ts";
import { createStandInNetwork, type StandInNetwork } from "./stand-in-network.ts";
import { contributionsView, modelsView, providersView, settlementView } from "./views.ts";

/** The same policy as the real gateway sends with the Terminal's page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string;

  constructor(status: number, type: string, code: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
    this.code = code;
  }
}

/** A running stand-in. */
export interface StandIn {
  readonly url: string;
  readonly network: StandInNetwork;
  readonly keys: StandInKeys;
  readonly userKey: StandInKey;
  readonly adminKey: StandInKey;
  /** What `/trust.json` answers; replaced to publish something else. */
  trustFile: () => Uint8Array;
  /** Bodies of the chat requests received, in order. */
  readonly received: { readonly body: Buffer; readonly headers: IncomingMessage["headers"] }[];
  stop(): Promise<void>;
}

/** Options of the stand-in. */
export interface StandInOptions {
  readonly seed: string;
  readonly port: number;
  /** The built Terminal. */
  readonly dist: string;
  readonly historyLength?: number;
}

/**
 * A development stand-in for the gateway, on 127.0.0.1 only: it speaks the HTTP of docs/architecture.md with really signed
 * bundles, scripted answers and scripted failures.
 */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const network = createStandInNetwork(options.seed, options.historyLength);
  const keys = new StandInKeys(network.random);
  const adminKey = keys.create("host", 0n, ["inference", "receipts", "admin"]);
  keys.create("ci pipeline", 2_000_000n, ["inference"], 60).spent = 1_840_221n;
  keys.create("old laptop", 500_000n, ["inference", "receipts"]).revokedAt = Date.now() - 86_400_000;
  const userKey = keys.create("terminal", 5_000_000n, ["inference", "receipts"]);
  userKey.spent = 1_287_450n;
  const standIn = { network, keys, userKey, adminKey, trustFile: () => network.trustFile(), received: [] } as Omit<
    StandIn,
    "url" | "stop"
  >;
  const server = createServer((request, response) => {
    void answer(standIn, options, request, response).catch((error: unknown) => {
      if (error instanceof Refusal) sendError(response, error);
      else response.destroy(error as Error);
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(standIn, { url: `http://127.0.0.1:${port}`, stop: () => stop(server) });
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

type Context = Omit<StandIn, "url" | "stop">;

async function answer(
  context: Context,
  { dist }: StandInOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://stand-in");
  const { network } = context;
  network.market.appendDue(Date.now());
  if (pathname === "/trust.json") return send(response, "application/json", context.trustFile());
  if (pathname === "/log/checkpoint") return send(response, "text/plain", await network.log.checkpoint());
  if (!pathname.startsWith("/v1/")) return sendFile(response, dist, pathname);
  const key = context.keys.find(request.headers.authorization);
  if (key === undefined)
    throw new Refusal(401, "authentication_error", "INVALID_API_KEY", "The API key is missing or not valid.");
  if (pathname === "/v1/chat/completions") return chat(context, key, request, response);
  if (pathname === "/v1/key") return sendJson(response, keyView(key));
  if (pathname.startsWith("/v1/keys")) return answerKeys(context, key, pathname, request, response);
  const [, , , id, part] = pathname.split("/");
  if (pathname.startsWith("/v1/receipts/") && part === "bundle") return sendBundle(context, id as string, response);
  if (pathname.startsWith("/v1/receipts/"))
    return sendJson(response, settlementView(findSettlement(context, id as string)));
  const manifest = network.parties
    .flatMap(({ offers }) => offers)
    .find(({ subject }) => pathname === `/v1/manifests/${subject}`)?.manifest;
  if (manifest !== undefined) return send(response, "application/json", manifestBytes(manifest));
  const views: Readonly<Record<string, () => unknown>> = {
    "/v1/models": () => modelsView(network),
    "/v1/providers": () => providersView(network),
    "/v1/contributions": () => contributionsView(network),
    "/v1/budget": () => budgetView(key),
    "/v1/receipts": () => receiptsPage(network, new URL(request.url ?? "/", "http://stand-in").searchParams),
  };
  const view = views[pathname];
  if (view === undefined) throw new Refusal(404, "not_found_error", "ROUTE_NOT_FOUND", `There is no ${pathname}.`);
  sendJson(response, view());
}

function receiptsPage({ market }: StandInNetwork, query: URLSearchParams) {
  const size = Number(query.get("page_size") ?? 50);
  const from = Number(query.get("page_token") || 0);
  const data = market.settlements.slice(from, from + size).map(settlementView);
  const next = from + size < market.settlements.length ? String(from + size) : "";
  return { data, next_page_token: next };
}

interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
}

function promptOf({ messages }: ChatBody): string {
  return messages.at(-1)?.content ?? "";
}

/** The question under way is among the received ones. */
function isFirstToAsk({ received }: Context, prompt: string): boolean {
  return received.filter(({ body }) => promptOf(JSON.parse(body.toString())) === prompt).length === 1;
}

async function chat(
  context: Context,
  key: StandInKey,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { network } = context;
  const body = await buffer(request);
  context.received.push({ body, headers: request.headers });
  const asked = JSON.parse(body.toString()) as ChatBody;
  const prompt = promptOf(asked);
  const script = scriptFor(prompt);
  if (script.refusal !== null) {
    const { status, type, code, message } = script.refusal;
    if (status === 429) response.setHeader("retry-after", "7");
    throw new Refusal(status, type, code, message);
  }
  const chosen = network.choose(asked.model, request.headers as Record<string, string | undefined>);
  if (chosen === undefined)
    throw new Refusal(503, "overloaded_error", "NO_PROVIDER", "No provider that the policy allows is available.");
  const requestId = network.newRequestId();
  const startedAt = Date.now();
  await delay(Math.min(chosen.party.latencyMs, 120));
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-request-id": requestId,
    "x-koinon-provider": chosen.party.root.address,
    "x-koinon-provider-name": encodeURIComponent(chosen.party.name),
    "x-koinon-model": chosen.offer.subject,
    "x-koinon-price": chosen.offer.priceId,
  });
  const pieces = script.text.match(/\S+\s*/g) ?? [];
  const inputUnits = Math.ceil(body.length / 4);
  const signed: Buffer[] = [];
  let isGone = false;
  response.on("close", () => {
    isGone = !response.writableFinished;
  });
  const holds = script.holds && isFirstToAsk(context, prompt);
  const send = (value: unknown): void => {
    const event = Buffer.from(`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
    signed.push(event);
    // A gateway that lies changes what it passes on; the provider has signed what it wrote.
    response.write(script.lies ? Buffer.from(event.toString().replace("Paris", "Parma")) : event);
  };
  const chunk = (delta: object, finish: string | null = null) => ({
    id: `chatcmpl-${requestId.slice(4)}`,
    object: "chat.completion.chunk",
    created: Math.floor(startedAt / 1000),
    model: asked.model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  send(chunk({ role: "assistant", content: "" }));
  const perTick = Math.max(1, Math.round(script.tokensPerSecond / 60));
  for (let at = 0; at < pieces.length && !isGone; at += perTick) {
    // An engine hears of a reader that left only when it has written on.
    if (holds && at > pieces.length / 3) await once(response, "close");
    for (const piece of pieces.slice(at, at + perTick)) send(chunk({ content: piece }));
    await delay(1000 / Math.min(60, script.tokensPerSecond));
    if (script.breaks !== "no" && at > pieces.length / 3) {
      network.market.void(requestId, chosen.party, chosen.offer, "PROVIDER_BROKE_OFF");
      const event = `data: ${JSON.stringify({ error: { message: "The answer broke off before it was complete.", type: "upstream_error", param: null, code: "UPSTREAM_BROKEN" } })}\n\n`;
      if (script.breaks === "with-event") response.write(event, () => response.destroy());
      else response.destroy();
      return;
    }
  }
  if (!isGone) {
    send(chunk({}, "stop"));
    const usage = {
      prompt_tokens: inputUnits,
      completion_tokens: pieces.length,
      total_tokens: inputUnits + pieces.length,
    };
    send({ ...chunk({}), choices: [], usage });
    send("[DONE]");
  }
  const settlement = network.market.settle({
    requestId,
    party: chosen.party,
    offer: chosen.offer,
    request: body,
    response: Buffer.concat(signed),
    inputUnits,
    outputUnits: isGone ? Math.min(pieces.length, signed.length) : pieces.length,
    outcome: isGone ? 1 : 0,
    startedAt,
    finishedAt: Date.now(),
    logDelayMs: script.logDelayMs,
  });
  key.spent += settlement.receipt?.document.fee ?? 0n;
  response.end();
}

async function sendBundle(context: Context, id: string, response: ServerResponse): Promise<void> {
  const settlement = findSettlement(context, id);
  if (settlement.receipt === null)
    throw new Refusal(409, "conflict_error", "NO_RECEIPT", `The request '${id}' is voided and has no receipt.`);
  if (settlement.logIndex === null || settlement.previous?.logIndex === null) {
    await delay(400);
    response.setHeader("retry-after-ms", "500");
    throw new Refusal(
      503,
      "overloaded_error",
      "NOT_LOGGED_YET",
      `The receipt '${id}' is not in a published checkpoint yet.`,
    );
  }
  send(response, "application/json", await context.network.market.bundleOf(settlement));
}

function findSettlement({ network }: Context, id: string): StandInSettlement {
  const found = network.market.settlements.find((each) => each.requestId === id || receiptIdOf(each) === id);
  if (found === undefined)
    throw new Refusal(404, "not_found_error", "UNKNOWN_RECEIPT", `There is no request or receipt '${id}'.`);
  return found;
}

async function answerKeys(
  context: Context,
  key: StandInKey,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!key.scopes.includes("admin"))
    throw new Refusal(403, "permission_error", "MISSING_SCOPE", "This API key lacks the scope 'admin'.");
  const { keys } = context;
  const [, , , id, part] = pathname.split("/");
  const body =
    request.method === "POST" ? (JSON.parse((await buffer(request)).toString()) as Record<string, unknown>) : {};
  if (id === undefined && request.method === "POST") {
    const created = keys.create(
      String(body.name),
      BigInt(String(body.budget)),
      (body.scopes as string[]) ?? ["inference", "receipts"],
      (body.requests_per_minute as number) ?? null,
    );
    return sendJson(response, { ...keyView(created), key: created.key }, 201);
  }
  if (id === undefined) return sendJson(response, { data: keys.list().map(keyView), next_page_token: "" });
  const target = keys.byId(id);
  if (target === undefined) throw new Refusal(404, "not_found_error", "UNKNOWN_KEY", `There is no API key '${id}'.`);
  if (part === "deposit") {
    keys.deposit(target, BigInt(String(body.amount)), String(body.request_id));
    return sendJson(response, budgetView(target));
  }
  if (part === "withdraw") {
    if (target.revokedAt === null)
      throw new Refusal(409, "invalid_request_error", "KEY_NOT_REVOKED", `The API key '${id}' is in use.`);
    const withdrawn = keys.withdraw(target, String(body.request_id)).toString();
    return sendJson(response, { withdrawn, budget: budgetView(target) });
  }
  target.revokedAt = Date.now();
  sendJson(response, keyView(target));
}

async function sendFile(response: ServerResponse, dist: string, pathname: string): Promise<void> {
  const isAsset = path.extname(pathname) !== "";
  const file = path.join(dist, isAsset ? path.normalize(pathname) : "index.html");
  const content = await readFile(file).catch(() => undefined);
  if (content === undefined) throw new Refusal(404, "not_found_error", "ROUTE_NOT_FOUND", `There is no ${pathname}.`);
  if (!isAsset) response.setHeader("content-security-policy", contentSecurityPolicy);
  send(response, contentTypes[path.extname(file)] ?? "application/octet-stream", content);
}

function send(response: ServerResponse, contentType: string, body: Uint8Array | string): void {
  response.setHeader("content-type", contentType).end(body);
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function sendError(response: ServerResponse, { status, type, code, message }: Refusal): void {
  if (response.headersSent) response.destroy();
  else sendJson(response, { error: { message, type, param: null, code } }, status);
}
