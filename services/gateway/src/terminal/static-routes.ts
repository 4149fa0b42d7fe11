import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GatewayError } from "../errors.ts";
import type { StaticFile } from "./static-files.ts";

/**
 * What the Terminal's pages may do: load nothing but from this origin, and call nothing but it and the chain's node, which they ask
 * for the blocks that checkpoints are anchored in. Conversations hold text from strangers' models,
 * so nothing inline runs, nothing is framed and no form leaves. Object URLs are for downloads of proof bundles.
 */
const contentSecurityPolicy = (callable: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    ["connect-src 'self'", ...callable].join(" "),
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

const IMMUTABLE = "public, max-age=31536000, immutable";
const REVALIDATE = "no-cache";

/** Serves the Terminal: its files, and its page for every other path that a browser navigates to. */
export function addStaticRoutes(
  app: FastifyInstance,
  files: ReadonlyMap<string, StaticFile>,
  /** Origins besides this one that the pages may call. */
  callable: readonly string[] = [],
): void {
  const policy = contentSecurityPolicy(callable);
  const serve = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split("?", 1)[0] as string;
    const file = files.get(path) ?? pageFor(files, path, request.headers.accept);
    if (file === undefined) throw new GatewayError({ code: "ROUTE_NOT_FOUND", method: request.method, path });
    return sendFile(request, reply, { file, policy });
  };
  app.get("/", serve);
  app.get("/*", serve);
}

/** A single-page application routes by itself; API prefixes and files that do not exist stay 404. */
function pageFor(
  files: ReadonlyMap<string, StaticFile>,
  path: string,
  accept: string | undefined,
): StaticFile | undefined {
  const isPage = path === "/" || (accept?.includes("text/html") === true && !/^\/(v1|log|assets)(\/|$)/.test(path));
  return isPage ? files.get("/index.html") : undefined;
}

function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { file, policy }: { readonly file: StaticFile; readonly policy: string },
): FastifyReply {
  reply.header("cache-control", file.immutable ? IMMUTABLE : REVALIDATE);
  const varying = reply.hasHeader("vary") ? `${String(reply.getHeader("vary"))}, accept-encoding` : "accept-encoding";
  reply.header("etag", file.etag).header("vary", varying);
  if (file.contentType.startsWith("text/html")) {
    reply.header("content-security-policy", policy);
    reply.header("cross-origin-opener-policy", "same-origin");
    reply.header("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()");
  }
  if (matches(request.headers["if-none-match"], file.etag)) return reply.code(304).send();
  const [encoding, content] = representation(file, request.headers["accept-encoding"]);
  if (encoding !== undefined) reply.header("content-encoding", encoding);
  return reply.header("content-type", file.contentType).send(content);
}

function representation(file: StaticFile, accepted: string | undefined): [string | undefined, Buffer] {
  if (file.br !== undefined && accepts(accepted, "br")) return ["br", file.br];
  if (file.gzip !== undefined && accepts(accepted, "gzip")) return ["gzip", file.gzip];
  return [undefined, file.identity];
}

/** RFC 9110 §12.5.3, as far as two codings need it: named, and not with weight zero. */
function accepts(header: string | undefined, coding: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((item) => {
    const [name, ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

function matches(header: string | undefined, etag: string): boolean {
  return (header ?? "").split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
