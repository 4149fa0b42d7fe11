import { manifestBytes } from "@koinon/receipts/manifest";
import { GatewayError } from "../errors.ts";
import { type ApiRoutes, addRoute, declareRoute } from "../http/api-routes.ts";
import type { Registry } from "./registry.ts";
import {
  manifestParamsSchema,
  manifestSchema,
  modelListSchema,
  modelParamsSchema,
  modelSchema,
  providerListSchema,
} from "./registry-schemas.ts";

const listModels = declareRoute({
  method: "GET",
  path: "/v1/models",
  id: "listModels",
  summary: "Models on offer, with every provider's price",
  tag: "models",
  access: "key",
  answers: { 200: { description: "The models.", schema: modelListSchema } },
  errors: [502, 504],
});

const getModel = declareRoute({
  method: "GET",
  // Names such as "org/name" hold slashes, which clients do not all encode.
  path: "/v1/models/*",
  publishedPath: "/v1/models/{model}",
  id: "getModel",
  summary: "One model, by name or manifest hash",
  tag: "models",
  access: "key",
  params: modelParamsSchema,
  answers: { 200: { description: "The model.", schema: modelSchema } },
  errors: [404, 502, 504],
});

const getManifest = declareRoute({
  method: "GET",
  path: "/v1/manifests/:hash",
  id: "getManifest",
  summary: "The whole manifest of a model on offer; the SHA-256 of the answer is the hash asked for",
  tag: "models",
  access: "key",
  params: manifestParamsSchema,
  answers: { 200: { description: "The manifest's RFC 8785 bytes.", schema: manifestSchema } },
  errors: [404, 502, 504],
});

const listProviders = declareRoute({
  method: "GET",
  path: "/v1/providers",
  id: "listProviders",
  summary: "Registered providers with health and prices",
  tag: "network",
  access: "key",
  answers: { 200: { description: "The providers, in order of their names.", schema: providerListSchema } },
  errors: [502, 504],
});

/** Adds what shows the market's registry. */
export function addRegistryRoutes(routes: ApiRoutes, dependencies: { readonly registry: Registry }): void {
  const { registry } = dependencies;
  addRoute(routes, listModels, async () => ({ object: "list", data: (await registry.view()).models }));
  addRoute(routes, listProviders, async () => ({ data: (await registry.view()).providers }));
  addRoute(routes, getManifest, async ({ params: { hash } }, reply) => {
    const manifest = (await registry.view()).manifests.get(hash);
    if (manifest === undefined) throw new GatewayError({ code: "MANIFEST_UNKNOWN", manifest: hash });
    // The bytes that were hashed; a hash never has others.
    reply.header("cache-control", "private, max-age=31536000, immutable").type("application/json; charset=utf-8");
    return Buffer.from(manifestBytes(manifest));
  });
  addRoute(routes, getModel, async ({ params }) => {
    const name = params["*"];
    const { models } = await registry.view();
    const model = models.find(({ id }) => id === name) ?? models.find(({ koinon }) => koinon.manifest === name);
    if (model === undefined) throw new GatewayError({ code: "MODEL_UNKNOWN", model: name });
    return model;
  });
}
