import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { invalidRequest } from "../errors.ts";
import type { KeyRecord } from "../keys/key-record.ts";
import type { Access, ApiDocument, RouteDocument } from "./api-document.ts";
import type { Guard } from "./guard.ts";

type Parsed<S> = S extends z.ZodObject ? z.output<S> : undefined;

/** A request whose parts have been checked against the route's schemas. */
export interface ApiRequest<R extends RouteDocument> {
  readonly params: Parsed<R["params"]>;
  readonly query: Parsed<R["query"]>;
  readonly body: Parsed<R["body"]>;
  readonly raw: FastifyRequest;
  /** Aborts when the client closes the connection before its answer is complete. */
  readonly signal: AbortSignal;
}

/** What every route of the API is added to. */
export interface ApiRoutes {
  readonly app: FastifyInstance;
  readonly document: ApiDocument;
  readonly guard: Guard;
}

/** Declares a route, keeping its exact type for the handler. */
export function declareRoute<const R extends RouteDocument>(route: R): R {
  return route;
}

/** Adds a route that answers what the handler returns, as JSON unless the handler set another content type. */
export function addRoute<const R extends RouteDocument>(
  { app, document, guard }: ApiRoutes,
  route: R,
  handle: (request: ApiRequest<R>, reply: FastifyReply) => Promise<unknown>,
): void {
  document.add(route);
  app.route({
    method: route.method,
    url: route.path,
    onRequest: guard.hookFor(route.access),
    handler: async (request, reply) => {
      const parsed = {
        params: parse(route.params, request.params, "path"),
        query: parse(route.query, request.query, "query"),
        body: parse(route.body, request.body ?? {}, "body"),
        raw: request,
        get signal() {
          return closeSignal(reply);
        },
      };
      return handle(parsed as ApiRequest<R>, reply);
    },
  });
}

/** The key of a guarded request. */
export function keyOf(request: FastifyRequest): KeyRecord {
  if (request.apiKey === null) throw new TypeError("the route is not guarded");
  return request.apiKey;
}

/** The `onRequest` hook of routes that are not added by `addRoute`. */
export function guardOf({ guard }: ApiRoutes, access: Access) {
  return guard.hookFor(access);
}

function parse(schema: z.ZodObject | undefined, value: unknown, place: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  throw invalidRequest(
    path.length === 0 ? place : path.join("."),
    unknown === undefined ? (issue?.message ?? "not valid") : "there is no such member",
  );
}

function closeSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
