import { z } from "zod";
import type { ConfigDeclaration, ConfigKey } from "./config.ts";

/** The settings of a declaration as a Markdown table, in the order of their declaration. */
export function configTable(declaration: ConfigDeclaration<unknown>): string {
  const rows = Object.values(declaration.keys).map((key) =>
    row([
      `\`${key.env}\``,
      valuesOf(key),
      defaultOf(key),
      key.secret ? `${key.description} Secret; \`${key.env}_FILE\` may name a file.` : key.description,
    ]),
  );
  return [row(["variable", "value", "default", "meaning"]), row(["---", "---", "---", "---"]), ...rows].join("\n");
}

/**
 * The settings that are no secrets as a JSON schema (draft 2020-12) of Helm values: one property per key, named as in the code.
 * Secrets are given by reference and are not values.
 */
export function configValuesSchema(declaration: ConfigDeclaration<unknown>): object {
  const plain = Object.entries(declaration.keys).filter(([, key]) => !key.secret);
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(plain.map(([name, key]) => [name, valueSchema(key)])),
  };
}

/** The environment variable of each key, for charts that render values into an environment. */
export function configVariables(
  declaration: ConfigDeclaration<unknown>,
): Readonly<Record<string, { env: string; secret: boolean }>> {
  return Object.fromEntries(Object.entries(declaration.keys).map(([name, { env, secret }]) => [name, { env, secret }]));
}

const marker = /<!-- config: (?<file>\S+) (?<name>\w+) -->\n(?<table>[\s\S]*?)<!-- \/config -->/g;

/**
 * The text with every table between `<!-- config: FILE EXPORT -->` and `<!-- /config -->` written anew from the declaration that
 * `load` answers for FILE and EXPORT.
 */
export async function withConfigTables(
  text: string,
  load: (file: string, name: string) => Promise<ConfigDeclaration<unknown>>,
): Promise<string> {
  let result = "";
  let end = 0;
  for (const match of text.matchAll(marker)) {
    const { file = "", name = "" } = match.groups ?? {};
    result += text.slice(end, match.index);
    result += `<!-- config: ${file} ${name} -->\n${configTable(await load(file, name))}\n<!-- /config -->`;
    end = match.index + match[0].length;
  }
  return result + text.slice(end);
}

function valueSchema(key: ConfigKey<unknown>): object {
  const schema = { ...jsonSchema(key.schema), description: key.description };
  const preset = key.default === undefined ? undefined : key.schema.safeParse(key.default).data;
  return ["string", "number", "boolean", "object"].includes(typeof preset) ? { ...schema, default: preset } : schema;
}

/** The schema of the parsed value; of the text where the value has no JSON form, such as a bigint. */
function jsonSchema(schema: z.ZodType): JsonSchema {
  const [output, input] = (["output", "input"] as const).map((io) =>
    z.toJSONSchema(schema, { io, unrepresentable: "any" }),
  );
  const found: JsonSchema = { ...(output?.type === undefined && output?.anyOf === undefined ? input : output) };
  delete found.$schema;
  return found;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function valuesOf(key: ConfigKey<unknown>): string {
  const { type, minimum, maximum, enum: members } = jsonSchema(key.schema);
  if (members !== undefined) return members.map((value) => `\`${String(value)}\``).join(", ");
  const name = (typeof type === "string" ? typeNames[type] : undefined) ?? "text";
  return minimum === undefined || maximum === undefined ? name : `${name}, ${minimum} to ${maximum}`;
}

const typeNames: Record<string, string> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "`true` or `false`",
  array: "comma list",
};

function defaultOf(key: ConfigKey<unknown>): string {
  if (key.default !== undefined && key.default !== "") return `\`${key.default}\``;
  return key.schema.safeParse(key.default).success ? "" : "required";
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
