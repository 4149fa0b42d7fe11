import { type ApiError, invalidParameter } from "../api-error.ts";

export type Schema = Readonly<Record<string, unknown>>;

/** Keywords that say nothing about which values are valid. */
const annotations = new Set([
  "title",
  "description",
  "default",
  "examples",
  "$schema",
  "$id",
  "$comment",
  "$defs",
  "definitions",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

/** Keywords that the grammar honours, by the type they bind. */
const understood: ReadonlyMap<string, readonly string[]> = new Map([
  ["string", ["minLength", "maxLength", "format"]],
  ["number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]],
  ["array", ["items", "minItems", "maxItems"]],
  ["object", ["properties", "required", "additionalProperties"]],
  ["any", ["type", "enum", "const", "anyOf", "allOf", "$ref"]],
]);
const understoodNames = new Set([...understood.values()].flat());
const allTypes = ["object", "array", "string", "number", "boolean", "null"];

/** A place in a schema document. */
export class SchemaNode {
  readonly schema: Schema | boolean;
  readonly pointer: string;
  readonly #document: unknown;
  readonly #param: string;

  constructor(schema: unknown, document: unknown, pointer: string, param: string) {
    this.#document = document;
    this.#param = param;
    this.pointer = pointer;
    const isObject = typeof schema === "object" && schema !== null && !Array.isArray(schema);
    if (!isObject && typeof schema !== "boolean") throw this.refuse("not a schema");
    this.schema = schema as Schema | boolean;
  }

  /** The 400 for what can not be expressed here. */
  refuse(what: string): ApiError {
    return invalidParameter(
      this.#param,
      `Invalid schema for '${this.#param}': at ${this.pointer}: ${what} is not supported.`,
      "invalid_json_schema",
    );
  }

  refuseUnknownKeywords(): void {
    for (const name of Object.keys(this.#members())) {
      if (!understoodNames.has(name) && !annotations.has(name) && !name.startsWith("x-"))
        throw this.refuse(`'${name}'`);
    }
  }

  /** Refuses assertions beside the given ones, whose combination the grammar can not hold. */
  allowOnly(names: readonly string[]): void {
    for (const name of Object.keys(this.#members())) {
      if (understoodNames.has(name) && !names.includes(name)) throw this.refuse(`'${name}' beside '${names[0]}'`);
    }
  }

  /** The types allowed, from `type` or from the keywords present. */
  types(): readonly string[] {
    const members = this.#members();
    const type = members.type;
    if (typeof type === "string") return [type];
    if (Array.isArray(type) && type.length > 0 && type.every((item) => typeof item === "string")) return type;
    if (type !== undefined) throw this.refuse("'type'");
    // A keyword of one type says nothing about values of others, but a grammar may well leave those out.
    const implied = [...understood].find(([, names]) => names.some((name) => members[name] !== undefined))?.[0];
    return implied === undefined || implied === "any" ? allTypes : [implied];
  }

  child(...path: readonly string[]): SchemaNode {
    let found: unknown = this.#members();
    for (const step of path) found = (found as Record<string, unknown>)[step];
    const pointer = [this.pointer, ...path.map(escapePointer)].join("/");
    return new SchemaNode(found, this.#document, pointer, this.#param);
  }

  list(name: string): SchemaNode[] {
    const items = this.#members()[name];
    if (!Array.isArray(items) || items.length === 0) throw this.refuse(`'${name}' that is no list`);
    return items.map((_, index) => this.child(name, String(index)));
  }

  /** Follows a reference within the document. */
  resolve(reference: unknown): SchemaNode {
    if (typeof reference !== "string" || !/^#(\/|$)/.test(reference))
      throw this.refuse(`'$ref' ${JSON.stringify(reference)}`);
    let found: unknown = this.#document;
    for (const step of reference.split("/").slice(1)) {
      const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
      const inside = typeof found === "object" && found !== null && Object.hasOwn(found, name);
      if (!inside) throw this.refuse(`'$ref' to ${reference}, which does not exist,`);
      found = (found as Record<string, unknown>)[name];
    }
    return new SchemaNode(found, this.#document, reference, this.#param);
  }

  /** A count, bounded by what a grammar can repeat. */
  count(name: string, max: number): number | undefined {
    const value = this.#members()[name];
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value) || Number(value) < 0) throw this.refuse(`'${name}' ${JSON.stringify(value)}`);
    if (Number(value) > max) throw this.refuse(`'${name}' over ${max}`);
    return Number(value);
  }

  /** A bound that is a whole number. */
  whole(name: string): bigint | undefined {
    const value = this.#members()[name];
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value)) throw this.refuse(`'${name}' ${JSON.stringify(value)}`);
    return BigInt(value as number);
  }

  #members(): Schema {
    return typeof this.schema === "boolean" ? {} : this.schema;
  }
}

function escapePointer(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}
