import path from "node:path";
import { addModel, ensureModel } from "@koinon/compute/models/add";
import { catalogue } from "@koinon/compute/models/catalogue";
import type { ModelRecord } from "@koinon/compute/models/record";
import { formatModelSource, type ModelSource } from "@koinon/compute/models/source/parse";
import type { OnProgress } from "@koinon/compute/models/source/progress";
import { ModelStore } from "@koinon/compute/models/store";
import { request } from "undici";
import { NodeError } from "../errors.ts";
import type { LaptopOptions } from "./options.ts";

/** A model that the providers offer, as `PROVIDER_OFFERS` names it. */
export interface ServedModel {
  readonly model: string;
  readonly kind: "chat" | "embedding";
}

/** Where answers come from. */
export type ServedModels =
  | { readonly from: "store"; readonly folder: string; readonly models: readonly ServedModel[] }
  | { readonly from: "url"; readonly url: string; readonly models: readonly ServedModel[] };

const modelsMax = 16;
const listTimeoutMs = 10_000;

/** Fetches what is missing and says what will be served. Throws ModelError or ENGINE_URL_UNUSABLE. */
export function prepareModels(
  options: LaptopOptions & { readonly modelsDir: string },
  dependencies: { env: Readonly<Record<string, string | undefined>>; onProgress: OnProgress; signal: AbortSignal },
): Promise<ServedModels> {
  if (options.engineUrl !== undefined) return modelsOfUrl(options.engineUrl, dependencies.signal);
  return modelsOfStore(options.modelsDir, options.model, dependencies);
}

async function modelsOfStore(
  folder: string,
  source: ModelSource | undefined,
  dependencies: Parameters<typeof prepareModels>[1],
): Promise<ServedModels> {
  const store = new ModelStore(folder);
  if (source !== undefined) {
    const name = nameOf(source);
    const { kind } =
      (await fetchedBefore(store, name, source)) ?? (await addModel(store, source, { name }, dependencies));
    return { from: "store", folder, models: [{ model: name, kind }] };
  }
  const models: ServedModel[] = [];
  for (const [index, entry] of catalogue.entries()) {
    const { name } = await ensureModel(store, entry, dependencies);
    models.push({ model: name, kind: index === 0 ? "chat" : "embedding" });
  }
  return { from: "store", folder, models };
}

/** What came over the network once is not fetched at every start; a file of this machine may have changed, and is taken again. */
async function fetchedBefore(store: ModelStore, name: string, source: ModelSource): Promise<ModelRecord | undefined> {
  if (source.scheme === "file") return undefined;
  const found = await store.find(name);
  return found?.provenance.source === formatModelSource(source) ? found : undefined;
}

/** A model added by hand is called as its file is. */
function nameOf(source: ModelSource): string {
  const location = source.scheme === "https" ? source.url.pathname : source.path;
  const stem = path.basename(location).replace(/\.gguf$/i, "");
  return stem.toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
}

async function modelsOfUrl(url: string, signal: AbortSignal): Promise<ServedModels> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(listTimeoutMs)]);
  const base = url.replace(/\/+$/, "");
  try {
    const { statusCode, body } = await request(`${base}/models`, { signal: limit });
    if (statusCode !== 200) throw new TypeError(`GET ${base}/models answered ${statusCode}`);
    const { data } = (await body.json()) as { data: readonly { id: string }[] };
    const models = data.slice(0, modelsMax).map(({ id }) => ({ model: id, kind: kindOf(id) }));
    if (models.length === 0) throw new TypeError(`GET ${base}/models lists no model`);
    return { from: "url", url: base, models };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new NodeError({ code: "ENGINE_URL_UNUSABLE", url: base, reason }, { cause: error });
  }
}

/** OpenAI's model list does not tell what a model is for; names of embedding models do. */
function kindOf(id: string): ServedModel["kind"] {
  return /embed|minilm|\bbge\b|\be5\b/i.test(id) ? "embedding" : "chat";
}
