import { z } from "zod";
import { type AnswerDocument, type ApiDocument, errorStatusesOf, type RouteDocument } from "./api-document.ts";
import { errorSchema } from "./primitives.ts";

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the routes. Their schemas are the ones that requests are checked against. */
export function createOpenApi(document: ApiDocument, info: { readonly version: string }): Json {
  const paths: Record<string, Json> = {};
  for (const route of document.routes) {
    const path = route.publishedPath ?? route.path.replaceAll(/:([a-z_]+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Koinon gateway",
      version: info.version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "OpenAI's operations over a network of providers, with signed receipts, proof bundles and a transparency log.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "sk-koinon-…" } },
      schemas: { Error: jsonSchema(errorSchema, "output") },
      responses: {
        Error: {
          description: "An error.",
          headers: { "x-request-id": { schema: { type: "string" } } },
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  };
}

function operation(route: RouteDocument): Json {
  const responses: Json = {};
  for (const [status, answer] of Object.entries(route.answers))
    if (answer !== undefined) responses[status] = response(answer);
  for (const status of errorStatusesOf(route)) responses[String(status)] = { $ref: "#/components/responses/Error" };
  const body = requestBody(route);
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    ...(route.access === "public" ? { security: [] } : { security: [{ apiKey: [] }], description: accessText(route) }),
    parameters: parameters(route),
    ...(body === undefined ? {} : { requestBody: body }),
    responses,
  };
}

function accessText({ access }: RouteDocument): string {
  return access === "key" ? "Needs an API key." : `Needs an API key with the scope \`${access}\`.`;
}

function parameters(route: RouteDocument): Json[] {
  const headers = Object.entries(route.requestHeaders ?? {});
  return [
    ...members(route.params, "path", route),
    ...members(route.query, "query", route),
    ...headers.map(([name, description]) => ({
      name,
      in: "header",
      required: false,
      description,
      schema: { type: "string" },
    })),
  ];
}

function members(schema: z.ZodObject | undefined, place: "path" | "query", route: RouteDocument): Json[] {
  if (schema === undefined) return [];
  const { properties } = jsonSchema(schema, "output") as { properties: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...member }]) => ({
    name: name === "*" ? wildcardName(route) : name,
    in: place,
    required: place === "path",
    ...(description === undefined ? {} : { description }),
    schema: member,
  }));
}

function wildcardName(route: RouteDocument): string {
  return /\{([a-z]+)\}$/.exec(route.publishedPath ?? "")?.[1] ?? "path";
}

function requestBody({ body, rawBody }: RouteDocument): Json | undefined {
  if (body !== undefined)
    return { required: true, content: { "application/json": { schema: jsonSchema(body, "input") } } };
  if (rawBody === undefined) return undefined;
  const schema = rawBody.schema === undefined ? { type: "string" } : jsonSchema(rawBody.schema, "input");
  return { required: true, description: rawBody.description, content: { [rawBody.contentType]: { schema } } };
}

function response({ description, schema, contentTypes, headers }: AnswerDocument): Json {
  const types = contentTypes ?? (schema === undefined ? [] : ["application/json"]);
  const content = types.map((type) => [type, schema === undefined ? {} : { schema: jsonSchema(schema, "output") }]);
  const all = { "x-request-id": "names the request", ...headers };
  return {
    description,
    headers: Object.fromEntries(
      Object.entries(all).map(([name, text]) => [name, { description: text, schema: { type: "string" } }]),
    ),
    ...(content.length === 0 ? {} : { content: Object.fromEntries(content) }),
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io });
  return rest;
}
