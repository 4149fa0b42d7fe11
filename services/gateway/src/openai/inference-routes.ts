import type { OutgoingHttpHeader, ServerResponse } from "node:http";
import { Endpoint, type InferRequest } from "@koinon/contracts/koinon/compute/v1/inference";
import type { Tracer } from "@opentelemetry/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { invalidRequest } from "../errors.ts";
import { type ApiRoutes, guardOf, keyOf } from "../http/api-routes.ts";
import { httpErrorFromThrown } from "../http/error-translation.ts";
import { errorBody } from "../http/http-error.ts";
import { idempotentRequestId, requestIdToBytes } from "../http/request-id.ts";
import { accountIdOf } from "../keys/key-record.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { inferenceDocuments } from "./inference-documents.ts";
import type { AnswerSink, Exchange, Relay } from "./relay.ts";
import { createRequestHeadFromBody, type Operation } from "./request-head.ts";
import { createRoutingPolicyFromHeaders } from "./routing-policy.ts";

/** What the inference routes work with. */
export interface InferenceDependencies {
  readonly relay: Relay;
  /** Keys the mapping from `idempotency-key` to request id. */
  readonly idempotencySecret: Uint8Array;
  readonly bodyBytesMax: number;
  readonly metrics: Pick<GatewayMetrics, "answered">;
  readonly tracer: Tracer;
  readonly clock: { now(): number };
  /** Told of every answer that broke after its first byte. */
  broken(thrown: unknown, requestId: string): void;
}

const endpoints: Record<Operation, Endpoint> = {
  "chat.completions": Endpoint.CHAT_COMPLETIONS,
  completions: Endpoint.COMPLETIONS,
  embeddings: Endpoint.EMBEDDINGS,
};

const spanNames: Record<Operation, string> = {
  "chat.completions": "POST /v1/chat/completions",
  completions: "POST /v1/completions",
  embeddings: "POST /v1/embeddings",
};

/** Adds the OpenAI operations. They stand in a scope of their own, because their bodies stay bytes. */
export function addInferenceRoutes(routes: ApiRoutes, dependencies: InferenceDependencies): void {
  routes.app.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    for (const { operation, document } of inferenceDocuments) {
      routes.document.add(document);
      addOperation(app, routes, operation, document.path, dependencies);
    }
  });
}

function addOperation(
  app: FastifyInstance,
  routes: ApiRoutes,
  operation: Operation,
  url: string,
  dependencies: InferenceDependencies,
): void {
  app.route({
    method: "POST",
    url,
    onRequest: guardOf(routes, "inference"),
    handler: (request, reply) => infer(operation, request, reply, dependencies),
  });
}

async function infer(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  dependencies: InferenceDependencies,
): Promise<void> {
  const key = keyOf(request);
  const { body } = request;
  if (!Buffer.isBuffer(body)) throw invalidRequest("body", "a JSON object is required");
  const head = createRequestHeadFromBody(operation, body);
  const sink = new ReplySink(reply, dependencies);
  const inference: InferRequest = {
    requestId: requestIdToBytes(nameRequest(request, reply, key.id, dependencies.idempotencySecret)),
    accountId: accountIdOf(key.id),
    endpoint: endpoints[operation],
    body,
    model: head.model,
    policy: createRoutingPolicyFromHeaders(request.headers),
    maxOutputTokens: head.outputTokensMax,
  };
  const exchange = await dependencies.tracer.startActiveSpan(spanNames[operation], async (span) => {
    try {
      return await dependencies.relay.serve(inference, sink);
    } finally {
      span.end();
    }
  });
  sink.served(operation, exchange);
}

/** The reply of one request, given to the relay with its first byte. */
class ReplySink implements AnswerSink {
  readonly response: ServerResponse;
  readonly #reply: FastifyReply;
  readonly #dependencies: InferenceDependencies;
  readonly #startedAtMs: number;
  #firstByteAtMs: number | undefined;

  constructor(reply: FastifyReply, dependencies: InferenceDependencies) {
    this.response = reply.raw;
    this.#reply = reply;
    this.#dependencies = dependencies;
    this.#startedAtMs = dependencies.clock.now();
  }

  commit(): Record<string, OutgoingHttpHeader | undefined> {
    this.#firstByteAtMs = this.#dependencies.clock.now();
    this.#reply.hijack();
    return this.#reply.getHeaders();
  }

  errorEvent(thrown: unknown): string {
    return JSON.stringify(errorBody(httpErrorFromThrown(thrown, this.#dependencies)));
  }

  served(operation: Operation, exchange: Exchange): void {
    // A client that left before the first byte gets no answer, from the framework neither.
    if (this.#firstByteAtMs === undefined) this.#reply.hijack();
    const { metrics, clock, broken } = this.#dependencies;
    metrics.answered(operation, exchange.outcome, {
      durationMs: clock.now() - this.#startedAtMs,
      firstByteMs: this.#firstByteAtMs === undefined ? undefined : this.#firstByteAtMs - this.#startedAtMs,
      bytes: exchange.bytes,
    });
    if (exchange.outcome === "broken") broken(exchange.thrown, this.#reply.request.id);
  }
}

const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** The id that the request goes by: fresh, unless the client names the request itself. */
function nameRequest(request: FastifyRequest, reply: FastifyReply, keyId: string, secret: Uint8Array): string {
  const idempotencyKey = request.headers["idempotency-key"];
  if (idempotencyKey === undefined) return request.id;
  if (
    typeof idempotencyKey !== "string" ||
    idempotencyKey.length === 0 ||
    idempotencyKey.length > IDEMPOTENCY_KEY_LENGTH_MAX
  ) {
    throw invalidRequest("idempotency-key", `1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters are required`);
  }
  const id = idempotentRequestId(secret, keyId, idempotencyKey);
  reply.header("x-request-id", id);
  return id;
}
