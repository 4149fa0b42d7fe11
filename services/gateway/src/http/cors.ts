import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const ALLOWED_METHODS = "GET, POST, DELETE, OPTIONS";
const PREFLIGHT_SECONDS = "7200"; // Chromium's own upper bound
const REQUEST_HEADERS_MAX = 1_000;

const EXPOSED_HEADERS = [
  "x-request-id",
  "x-koinon-provider",
  "x-koinon-provider-name",
  "x-koinon-model",
  "x-koinon-price",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
].join(", ");

/**
 * Lets pages of other origins call the API: those listed, or any with `*`. Keys travel in a header, never in cookies, so
 * credentials are not allowed and `*` gives away nothing that a program could not do.
 */
export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  const any = origins.includes("*");
  const listed = new Set(origins);
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined) {
      if (!any && listed.size > 0) reply.header("vary", "origin");
    } else if (any || listed.has(origin)) {
      allow(reply, any ? "*" : origin);
      if (request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
        preflight(request, reply);
        return;
      }
    }
    done();
  });
  // Without a route the hook would not run for OPTIONS; who is not allowed gets the plain 404.
}

function allow(reply: FastifyReply, origin: string): void {
  reply.header("access-control-allow-origin", origin);
  reply.header("access-control-expose-headers", EXPOSED_HEADERS);
  if (origin !== "*") reply.header("vary", "origin");
}

function preflight(request: FastifyRequest, reply: FastifyReply): void {
  const headers = request.headers["access-control-request-headers"] ?? "";
  reply.header("access-control-allow-methods", ALLOWED_METHODS);
  // The list echoes what was asked for: which headers a client library adds is its own business.
  if (/^[A-Za-z0-9, _-]*$/.test(headers) && headers.length <= REQUEST_HEADERS_MAX) {
    reply.header("access-control-allow-headers", headers);
  }
  reply.header("access-control-max-age", PREFLIGHT_SECONDS);
  reply.code(204).send();
}
