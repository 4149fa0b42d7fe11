import type { ConfigDeclaration, ConfigKey } from "./config.ts";
import { valueForm } from "./value-form.ts";

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

function valuesOf(key: ConfigKey<unknown>): string {
  const { type, minimum, maximum, enum: members, items } = valueForm(key.schema);
  if (members !== undefined) return members.map((value) => `\`${String(value)}\``).join(", ");
  if (typeof items === "object" && "type" in items && items.type === "object") return "JSON list";
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
