import { type Manifest, manifestBytes } from "@koinon/receipts/manifest";

/** What an operator says about a model that is only known by its name behind a URL. */
export interface UrlModelFacts {
  readonly name: string;
  readonly kind: "chat" | "embedding";
  readonly contextTokens: number;
  readonly licence: string;
  readonly author: string;
  readonly engineName: string;
  readonly engineVersion: string;
}

/** The manifest of a model behind a URL: it names no hashes, because nobody here has seen the weights. */
export function urlModelManifest(facts: UrlModelFacts, baseUrl: string): Uint8Array {
  const manifest: Manifest = {
    format: "koinon.manifest/1",
    name: facts.name,
    kind: facts.kind,
    weights: null,
    tokenizerHash: null,
    chatTemplateHash: null,
    engine: { name: facts.engineName, version: facts.engineVersion },
    quantisation: null,
    contextTokens: facts.contextTokens,
    licence: facts.licence,
    author: facts.author,
    // The host alone: paths and ports of an operator's network are nobody's business.
    provenance: { source: `openai-compatible server at ${new URL(baseUrl).hostname}`, baseModel: null, datasets: [] },
  };
  return manifestBytes(manifest);
}
