import type { LogServiceDefinition } from "@koinon/contracts/koinon/poi/v1/log_service";
import type { Client } from "@koinon/rpc/handler";
import { parseTilePath } from "@koinon/tlog/tile-path";
import { z } from "zod";
import { GatewayError, invalidRequest } from "../errors.ts";
import { type ApiRoutes, addRoute, declareRoute } from "../http/api-routes.ts";

const IMMUTABLE = "public, max-age=31536000, immutable";
// A partial tile never changes either, but may be gone once the full one exists (tlog-tiles, Partial Tiles).
const PARTIAL = "public, max-age=300";
const NEWEST = "no-cache";

const NOTE_BYTES_MAX = 64 * 1024;

const common = { tag: "log", access: "public", errors: [501, 502, 504] } as const;

const getCheckpoint = declareRoute({
  ...common,
  method: "GET",
  path: "/log/checkpoint",
  id: "getCheckpoint",
  summary: "The newest checkpoint, a signed note (C2SP tlog-checkpoint)",
  answers: { 200: { description: "The note.", contentTypes: ["text/plain; charset=utf-8"] } },
});

const getVerifierKey = declareRoute({
  ...common,
  method: "GET",
  path: "/log/vkey",
  id: "getVerifierKey",
  summary: "The log's verifier key (C2SP signed-note): compare it with one from elsewhere before relying on it",
  answers: { 200: { description: "The vkey and a newline.", contentTypes: ["text/plain; charset=utf-8"] } },
});

const getTile = declareRoute({
  ...common,
  method: "GET",
  path: "/log/tile/*",
  publishedPath: "/log/tile/{path}",
  id: "getTile",
  summary: "A tile or entry bundle (C2SP tlog-tiles), such as 0/x001/234.p/5 or entries/000",
  params: z.object({ "*": z.string().max(128) }),
  answers: { 200: { description: "The tile.", contentTypes: ["application/octet-stream"] } },
  errors: [404, 501, 502, 504],
});

const addCosignature = declareRoute({
  ...common,
  method: "POST",
  path: "/log/add-cosignature",
  id: "addCosignature",
  summary: "Hand in a checkpoint with the cosignature of a configured witness",
  rawBody: { contentType: "text/plain", description: "The signed note." },
  answers: { 204: { description: "Taken." } },
  errors: [403, 404, 409, 501, 502, 504],
});

type LogClient = Client<LogServiceDefinition>;

/** Adds the log as files over HTTP; the log service decides, the gateway sets what caches may keep. */
export function addLogRoutes(routes: ApiRoutes, dependencies: { readonly log: LogClient | undefined }): void {
  const log = (): LogClient => {
    if (dependencies.log === undefined) throw new GatewayError({ code: "MODULE_DISABLED", module: "poi" });
    return dependencies.log;
  };
  addRoute(routes, getCheckpoint, async ({ signal }, reply) => {
    const { note } = await log().getCheckpoint({}, { signal });
    return reply.header("cache-control", NEWEST).type("text/plain; charset=utf-8").send(note);
  });
  addRoute(routes, getVerifierKey, async ({ signal }, reply) => {
    const { vkey } = await log().getCheckpoint({}, { signal });
    return reply.header("cache-control", NEWEST).type("text/plain; charset=utf-8").send(`${vkey}\n`);
  });
  addRoute(routes, getTile, async ({ params, raw, signal }, reply) => {
    const client = log();
    const path = `tile/${params["*"]}`;
    if (!isTilePath(path))
      throw new GatewayError({ code: "ROUTE_NOT_FOUND", method: raw.method, path: `/log/${path}` });
    const { content, immutable } = await client.getTile({ path }, { signal });
    reply.header("cache-control", immutable ? IMMUTABLE : PARTIAL).type("application/octet-stream");
    return reply.send(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
  });
  routes.app.register(async (app) => {
    app.removeAllContentTypeParsers();
    // Witness tools send notes under various types; the note's own format is what counts.
    app.addContentTypeParser("*", { parseAs: "string", bodyLimit: NOTE_BYTES_MAX }, (_request, body, done) =>
      done(null, body),
    );
    addRoute({ ...routes, app }, addCosignature, async ({ raw, signal }, reply) => {
      const client = log();
      if (typeof raw.body !== "string" || raw.body === "") throw invalidRequest("body", "a signed note is required");
      await client.addCosignature({ note: raw.body }, { signal });
      return reply.code(204).send();
    });
  });
}

/** Anything but a path of tlog-tiles in its one spelling is not worth a call, and must not be cached under a second name. */
function isTilePath(path: string): boolean {
  try {
    parseTilePath(path);
    return true;
  } catch {
    return false;
  }
}
