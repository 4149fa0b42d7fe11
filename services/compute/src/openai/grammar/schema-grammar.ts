import { invalidParameter } from "../api-error.ts";
import { choice, GbnfBuilder, literal } from "./gbnf.ts";
import {
  anyInteger,
  anyNumber,
  anyString,
  anyValue,
  boundedString,
  mapOf,
  space,
  stringFormats,
} from "./json-rules.ts";
import { integerRange, magnitudeMax, numberRange } from "./number-range.ts";
import { objectRule } from "./object-rule.ts";
import { type Schema, SchemaNode } from "./schema-node.ts";

/** The engine refuses longer repetitions. */
const repetitionMax = 1000;
const grammarSizeMax = 256 * 1024;
const schemasMax = 5000;

/**
 * Turns JSON Schemas into grammar rules. Everything that the grammar lets through is valid under the schema; a schema that it can
 * not express that way is refused with a 400 naming the place.
 */
export class SchemaGrammar {
  readonly gbnf = new GbnfBuilder();
  readonly #known = new Map<string, string>();
  readonly #param: string;
  #schemas = 0;

  /** `param` is the request's member that errors name. */
  constructor(param: string) {
    this.#param = param;
  }

  /** The rule for a whole schema document. */
  add(schema: unknown): string {
    this.#known.clear();
    return this.#rule(new SchemaNode(schema, schema, "#", this.#param));
  }

  /** Any JSON object. */
  anyObject(): string {
    return mapOf(this.gbnf, anyValue(this.gbnf, this.#known));
  }

  #rule(node: SchemaNode): string {
    const known = this.#known.get(node.pointer);
    if (known !== undefined) return known;
    if (++this.#schemas > schemasMax || this.gbnf.size > grammarSizeMax) {
      throw invalidParameter(this.#param, "The schema is too large.", "invalid_json_schema");
    }
    const name = this.gbnf.reserve();
    this.#known.set(node.pointer, name);
    this.gbnf.define(name, this.#body(node));
    return name;
  }

  #body(node: SchemaNode): string {
    const { schema } = node;
    if (schema === true) return anyValue(this.gbnf, this.#known);
    if (schema === false) throw node.refuse("'false' allows no value");
    node.refuseUnknownKeywords();
    if (schema.$ref !== undefined) {
      node.allowOnly(["$ref"]);
      return this.#rule(node.resolve(schema.$ref));
    }
    for (const keyword of ["anyOf", "allOf"] as const) {
      if (schema[keyword] === undefined) continue;
      node.allowOnly([keyword]);
      const branches = node.list(keyword);
      if (keyword === "allOf" && branches.length > 1) throw node.refuse("'allOf' of several schemas");
      return choice(branches.map((branch) => this.#rule(branch)));
    }
    if (schema.const !== undefined || schema.enum !== undefined) return this.#enumeration(node, schema);
    return choice(node.types().map((type) => this.#typed(node, schema, type)));
  }

  #enumeration(node: SchemaNode, schema: Schema): string {
    node.allowOnly(["const", "enum", "type"]);
    const values = schema.const !== undefined ? [schema.const] : schema.enum;
    if (!Array.isArray(values) || values.length > repetitionMax) throw node.refuse("'enum' is no list of sane length");
    const types = schema.type === undefined ? undefined : node.types();
    const fitting = values.filter((value) => types === undefined || types.some((type) => hasType(value, type)));
    if (fitting.length === 0) throw node.refuse("no value of 'enum' has the 'type'");
    return choice(fitting.map((value) => literal(JSON.stringify(value))));
  }

  #typed(node: SchemaNode, schema: Schema, type: string): string {
    switch (type) {
      case "null":
        return '"null"';
      case "boolean":
        return '("true" | "false")';
      case "string":
        return this.#string(node, schema);
      case "integer":
      case "number":
        return this.#number(node, schema, type);
      case "array":
        return this.#array(node, schema);
      case "object":
        return objectRule(
          node,
          this.gbnf,
          (child) => this.#rule(child),
          () => anyValue(this.gbnf, this.#known),
        );
      default:
        throw node.refuse(`'type' "${type}" is unknown`);
    }
  }

  #string(node: SchemaNode, schema: Schema): string {
    const format = schema.format;
    const min = node.count("minLength", repetitionMax) ?? 0;
    const max = node.count("maxLength", repetitionMax);
    if (format !== undefined) {
      const rule = typeof format === "string" ? stringFormats[format] : undefined;
      if (rule === undefined) throw node.refuse(`'format' ${JSON.stringify(format)}`);
      if (min > 0 || max !== undefined) throw node.refuse("'format' together with a length");
      return this.gbnf.rule(rule);
    }
    if (min === 0 && max === undefined) return anyString(this.gbnf);
    if (max !== undefined && max < min) throw node.refuse("'maxLength' is less than 'minLength'");
    return boundedString(this.gbnf, min, max);
  }

  #number(node: SchemaNode, schema: Schema, type: "integer" | "number"): string {
    const bounds = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].map((name) => node.whole(name));
    const [minimum, maximum, above, below] = bounds;
    if (schema.multipleOf !== undefined && !(type === "integer" && schema.multipleOf === 1)) {
      throw node.refuse("'multipleOf'");
    }
    if (bounds.every((bound) => bound === undefined)) {
      return type === "integer" ? anyInteger(this.gbnf) : anyNumber(this.gbnf);
    }
    if (type === "number" && (above !== undefined || below !== undefined)) {
      throw node.refuse("exclusive bounds of numbers");
    }
    const min = greatest([minimum, above === undefined ? undefined : above + 1n, -magnitudeMax]);
    const max = -greatest([maximum, below === undefined ? undefined : below - 1n, magnitudeMax].map(negated));
    const rule = type === "integer" ? integerRange(min, max) : numberRange(min, max);
    if (rule === undefined) throw node.refuse("no number lies within the bounds");
    return this.gbnf.rule(rule);
  }

  #array(node: SchemaNode, schema: Schema): string {
    const min = node.count("minItems", repetitionMax) ?? 0;
    const max = node.count("maxItems", repetitionMax);
    if (max !== undefined && max < min) throw node.refuse("'maxItems' is less than 'minItems'");
    if (max === 0) return `"[" ${space} "]"`;
    const item = schema.items === undefined ? anyValue(this.gbnf, this.#known) : this.#rule(node.child("items"));
    // A rule of its own, since the engine bounds what a repeated group holds times its repetitions.
    const next = this.gbnf.rule(`"," ${space} ${item}`);
    const items = `${item} ${next}{${Math.max(min - 1, 0)},${max === undefined ? "" : max - 1}} ${space}`;
    return `"[" ${space} ${min === 0 ? `(${items})?` : items} "]"`;
  }
}

function hasType(value: unknown, type: string): boolean {
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function negated(value: bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : -value;
}

function greatest(values: readonly (bigint | undefined)[]): bigint {
  return values.reduce<bigint>((most, value) => (value !== undefined && value > most ? value : most), -magnitudeMax);
}
