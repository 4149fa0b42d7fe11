import type { z } from "zod";
import type { Scope } from "../keys/key-record.ts";

/** Who may call a route: anyone, any valid key, or a key with the scope. */
export type Access = "public" | "key" | Scope;

/** What an answer carries besides, or instead of, JSON of a schema. */
export interface AnswerDocument {
  readonly description: string;
  /** JSON of this shape. */
  readonly schema?: z.ZodType;
  /** Content types other than JSON. */
  readonly contentTypes?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request body that is handed on as it came. */
interface RawBodyDocument {
  readonly contentType: string;
  readonly schema?: z.ZodType;
  readonly description: string;
}

/** One route as it is published: what is enforced and what is documented come from the same members. */
export interface RouteDocument {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path in fastify's form, `/v1/keys/:id`. */
  readonly path: string;
  /** Path as published, where it differs by more than the parameters' spelling. */
  readonly publishedPath?: string;
  readonly id: string;
  readonly summary: string;
  readonly tag: "inference" | "models" | "budget" | "receipts" | "network" | "keys" | "log" | "deployment";
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly rawBody?: RawBodyDocument;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** By status; `4XX` stands for refusals that are handed on from elsewhere. */
  readonly answers: Readonly<Partial<Record<number | "4XX", AnswerDocument>>>;
  /** Error statuses beyond those that its access and body imply. */
  readonly errors: readonly number[];
}

/** The published routes, in the order they were added. */
export class ApiDocument {
  readonly #routes: RouteDocument[] = [];

  get routes(): readonly RouteDocument[] {
    return this.#routes;
  }

  add(route: RouteDocument): void {
    this.#routes.push(route);
  }
}

/** Every error status that a route may answer, in order. */
export function errorStatusesOf(route: RouteDocument): number[] {
  const statuses = new Set([...route.errors, 500, 503]);
  if (route.access !== "public") for (const status of [401, 429]) statuses.add(status);
  if (route.access !== "public" && route.access !== "key") statuses.add(403);
  if (route.params !== undefined || route.query !== undefined) statuses.add(400);
  if (route.body !== undefined || route.rawBody !== undefined)
    for (const status of [400, 413, 415]) statuses.add(status);
  return [...statuses].sort((a, b) => a - b);
}
