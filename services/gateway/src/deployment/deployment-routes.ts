import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { type ApiRoutes, addRoute, declareRoute } from "../http/api-routes.ts";
import { createOpenApi } from "../http/openapi.ts";
import { addressSchema, countSchema } from "../http/primitives.ts";
import type { TrustFile } from "./trust-file.ts";

const capabilitiesSchema = z.strictObject({
  version: z.string(),
  chain_id: z
    .string()
    .regex(/^[0-9]+$/)
    .describe("of the EIP-712 domain that documents are signed under, decimal"),
  verifying_contract: addressSchema,
  modules: z
    .record(z.string(), z.boolean())
    .describe("what is switched on; a module that is off answers 501 MODULE_DISABLED"),
  chain_rpc: z.url().optional().describe("JSON-RPC of the chain over HTTP and WebSocket; absent when it is off"),
  limits: z.strictObject({
    body_bytes: countSchema.describe("largest request body"),
    page_size: countSchema.describe("most entries of a list's page"),
    bundle_wait_ms: countSchema.describe("longest wait for a receipt's place in the log"),
    request_timeout_ms: countSchema.describe("longest that one answer may take"),
  }),
});

/** What a deployment says about itself. */
export type Capabilities = z.infer<typeof capabilitiesSchema>;

const getCapabilities = declareRoute({
  method: "GET",
  path: "/v1/capabilities",
  id: "getCapabilities",
  summary: "What this deployment is and can do",
  tag: "deployment",
  access: "public",
  answers: { 200: { description: "The capabilities.", schema: capabilitiesSchema } },
  errors: [],
});

const getTrust = declareRoute({
  method: "GET",
  path: "/trust.json",
  id: "getTrust",
  summary: "The trust file that this deployment pins: compare it with one from elsewhere before relying on it",
  tag: "deployment",
  access: "public",
  answers: {
    200: {
      description: "A koinon.trust/1 document, or koinon.trust/2 with chains that checkpoints are anchored to.",
      contentTypes: ["application/json"],
    },
  },
  errors: [404],
});

const getOpenApi = declareRoute({
  method: "GET",
  path: "/openapi.json",
  id: "getOpenApi",
  summary: "This document",
  tag: "deployment",
  access: "public",
  answers: { 200: { description: "OpenAPI 3.1.", contentTypes: ["application/json"] } },
  errors: [],
});

/** Adds what describes the deployment. Comes last: the OpenAPI document lists the routes that are there by then. */
export function addDeploymentRoutes(
  routes: ApiRoutes,
  dependencies: { readonly capabilities: Capabilities; readonly trust: TrustFile },
): void {
  const { capabilities, trust } = dependencies;
  addRoute(routes, getCapabilities, async (_request, reply) => {
    reply.header("cache-control", "no-cache");
    return capabilities;
  });
  addRoute(routes, getTrust, async (_request, reply) => {
    const file = await trust.current();
    if (file === undefined) throw new GatewayError({ code: "ROUTE_NOT_FOUND", method: "GET", path: "/trust.json" });
    return reply.header("content-type", "application/json").header("cache-control", "no-cache").send(file.bytes);
  });
  let published: string | undefined;
  addRoute(routes, getOpenApi, async (_request, reply) => {
    published ??= JSON.stringify(createOpenApi(routes.document, { version: capabilities.version }));
    return reply.header("content-type", "application/json").header("cache-control", "no-cache").send(published);
  });
}
