import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { GatewayError } from "../errors.ts";
import { Admission } from "../limits/admission.ts";
import { addCors } from "./cors.ts";
import { httpErrorFromThrown } from "./error-translation.ts";
import { errorBody, errorHeaders, type HttpError } from "./http-error.ts";
import type { RequestIds } from "./request-id.ts";

/** Options of the HTTP server. */
export interface HttpServerOptions {
  readonly corsOrigins: readonly string[];
  /** Largest request body, in bytes. */
  readonly bodyBytesMax: number;
  /** Requests in hand at once. */
  readonly requestsMax: number;
  /** Declared body bytes in hand at once. */
  readonly bodyBytesTotalMax: number;
  /** Longest time from the first byte of a request to its last, in milliseconds. */
  readonly receiveTimeoutMs: number;
}

/** What the server works with. */
export interface HttpServerDependencies {
  readonly requestIds: RequestIds;
  /** Told of every answer that is an error; `thrown` is what it was made from. */
  failed(error: HttpError, thrown: unknown, requestId: string): void;
}

/** The server and what it has in hand. */
export interface HttpServer {
  readonly app: FastifyInstance;
  readonly admission: Admission;
  /** From now on each answer closes its connection: a client opens its next one where requests are still wanted. */
  turnAway(): void;
}

// Longer than the 60 s after which load balancers usually drop an idle connection, so that they close first.
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 10_000;
const TIMEOUT_CHECK_MS = 1_000;
const PATH_PARAMETER_LENGTH_MAX = 512;

/** Builds the server without routes: request ids, admission, CORS, errors and security headers hold for all of them. */
export function createHttpServer(options: HttpServerOptions, dependencies: HttpServerDependencies): HttpServer {
  const admission = new Admission({ requestsMax: options.requestsMax, bodyBytesMax: options.bodyBytesTotalMax });
  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: options.receiveTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: Math.min(HEADERS_MS, options.receiveTimeoutMs),
      // Node looks for connections that are out of time only so often; its default of 30 s would double the limit.
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    // The client's own idea of an id is never taken: ids are unique, unguessable and end up in receipts.
    requestIdHeader: false,
    genReqId: () => dependencies.requestIds.next(),
    // Requests that arrive on open connections while the server drains are served, and their connections closed.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: PATH_PARAMETER_LENGTH_MAX },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
  });

  const answerError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = httpErrorFromThrown(thrown, options);
    dependencies.failed(error, thrown, request.id);
    sendError(reply, error, request.id);
  };
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
  app.setNotFoundHandler((request) => {
    throw new GatewayError({
      code: "ROUTE_NOT_FOUND",
      method: request.method,
      path: request.url.split("?", 1)[0] as string,
    });
  });
  // Answers are built to their documented shape; a serializer that drops what it does not know would hide mistakes.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.decorateRequest("apiKey", null);
  // Clients name JSON with every request, also with those that have no body.
  const readJson = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, done) =>
    body === "" ? done(null, undefined) : readJson(request, body, done),
  );
  let isLeaving = false;
  app.addHook("onRequest", (request, reply, done) => {
    if (isLeaving) reply.raw.shouldKeepAlive = false;
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "no-referrer");
    // What may be kept says so itself: files, tiles, and what is the same for everybody.
    reply.header("cache-control", "no-store");
    done(admit(admission, request, reply, options.bodyBytesMax));
  });
  addCors(app, options.corsOrigins);
  const turnAway = () => {
    isLeaving = true;
  };
  return { app, admission, turnAway };
}

function admit(
  admission: Admission,
  request: FastifyRequest,
  reply: FastifyReply,
  bodyBytesMax: number,
): GatewayError | undefined {
  const declared = declaredBytes(request, bodyBytesMax);
  if (!admission.enter(declared)) return new GatewayError({ code: "OVERLOADED" });
  // "close" comes exactly once, whether the answer was finished or the connection lost.
  reply.raw.once("close", () => admission.leave(declared));
  return undefined;
}

/** A body of unknown length may turn out as long as is allowed; one that declares more is refused before it is read. */
function declaredBytes(request: FastifyRequest, bodyBytesMax: number): number {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  if (length !== undefined) return Math.min(Number(length), bodyBytesMax);
  return coding === undefined ? 0 : bodyBytesMax;
}

function sendError(reply: FastifyReply, error: HttpError, requestId: string): void {
  // Where the request could not be routed, no hook has run.
  if (!reply.hasHeader("x-request-id")) reply.header("x-request-id", requestId);
  reply.code(error.status).headers(errorHeaders(error)).header("cache-control", "no-store").send(errorBody(error));
}
