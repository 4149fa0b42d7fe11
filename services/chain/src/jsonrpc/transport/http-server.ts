import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Dispatcher } from "../dispatcher.ts";
import { faultToWire, type JsonRpcFault } from "../json-rpc-error.ts";
import { errorText } from "../message.ts";
import { HttpAdmission } from "./http-admission.ts";
import { isAllowedHost, isAllowedOrigin, type OriginPolicy } from "./origin-policy.ts";

/** Settings of the HTTP side. */
export interface HttpOptions {
  readonly policy: OriginPolicy;
  readonly bodyBytesMax: number;
  /** Requests in hand at once. */
  readonly requestsMax: number;
  /** Bytes of all bodies in hand; as many as the requests may have when left out. */
  readonly bodyBytesTotalMax?: number;
}

const preflightSeconds = "7200"; // Chromium's own upper bound
// Longer than the 60 s after which load balancers usually drop an idle connection, so that they close first.
const keepAliveMs = 75_000;
const receiveTimeoutMs = 30_000;
const jsonType = "application/json; charset=utf-8";

/** A server that answers JSON-RPC over POST, on any path. */
export function createHttpServer(options: HttpOptions, dispatcher: Dispatcher): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: receiveTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    return503OnClosing: false,
    forceCloseConnections: true,
  });
  // A type that a page can not send without asking first: no page posts here unseen.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) =>
    refuse(reply, error.statusCode ?? 500, { code: "INVALID_REQUEST", message: refusalOf(error.statusCode, options) }),
  );
  const { requestsMax, bodyBytesMax } = options;
  const bodyBytesTotalMax = options.bodyBytesTotalMax ?? requestsMax * bodyBytesMax;
  const admission = new HttpAdmission({ requestsMax, bodyBytesMax, bodyBytesTotalMax });
  app.addHook("onRequest", (request, reply, done) => {
    if (!isAllowedHost(request.headers.host, options.policy)) {
      refuse(reply, 403, { code: "INVALID_REQUEST", message: "invalid host specified" });
      return;
    }
    addCors(request, reply, options.policy);
    const leave = admission.enter(request.headers);
    if (leave === undefined) {
      refuse(reply, 503, { code: "LIMIT_EXCEEDED", message: "too many requests" });
      return;
    }
    // "close" comes exactly once, whether the answer was finished or the connection lost.
    reply.raw.once("close", leave);
    done();
  });
  app.options("/*", (_request, reply) => reply.code(204).send());
  // Balancers ask like this whether anybody is there; geth answers the same.
  app.get("/", (_request, reply) => reply.code(200).send());
  app.post("/*", async (request, reply) => {
    const answer = await dispatcher.answer(request.body as string, context(reply));
    return answer === undefined ? reply.code(204).send() : reply.type(jsonType).send(answer);
  });
  return app;
}

function context(reply: FastifyReply): { signal: AbortSignal; connection: undefined } {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return { signal: gone.signal, connection: undefined };
}

function addCors(request: FastifyRequest, reply: FastifyReply, policy: OriginPolicy): void {
  const { origin } = request.headers;
  if (origin === undefined || !isAllowedOrigin(origin, policy)) return;
  const isAny = policy.corsOrigins.includes("*");
  reply.header("access-control-allow-origin", isAny ? "*" : origin);
  if (!isAny) reply.header("vary", "origin");
  if (request.method !== "OPTIONS") return;
  reply.header("access-control-allow-methods", "POST");
  reply.header("access-control-allow-headers", "content-type");
  reply.header("access-control-max-age", preflightSeconds);
}

function refusalOf(status: number | undefined, { bodyBytesMax }: HttpOptions): string {
  if (status === 413) return `request body too large, at most ${bodyBytesMax} bytes`;
  if (status === 415) return "invalid content type, only application/json is supported";
  return "invalid request";
}

function refuse(reply: FastifyReply, status: number, fault: JsonRpcFault): FastifyReply {
  return reply
    .code(status)
    .type(jsonType)
    .send(errorText(null, faultToWire(fault)));
}
