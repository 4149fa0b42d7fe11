import { type GbnfBuilder, literal } from "./gbnf.ts";
import { mapOf, space } from "./json-rules.ts";
import type { Schema, SchemaNode } from "./schema-node.ts";

interface Member {
  readonly rule: string;
  readonly required: boolean;
}

/**
 * An object: its declared properties in the order of the schema, optional ones left out or not; undeclared ones only where the schema
 * declares none, which keeps every answer valid and small models on track.
 */
export function objectRule(
  node: SchemaNode,
  gbnf: GbnfBuilder,
  ruleOf: (child: SchemaNode) => string,
  anyValue: () => string,
): string {
  const schema = node.schema as Schema;
  const properties = (schema.properties ?? {}) as Readonly<Record<string, unknown>>;
  const required = schema.required ?? [];
  if (typeof properties !== "object" || !Array.isArray(required))
    throw node.refuse("malformed 'properties' or 'required'");
  const additional = () => {
    const declared = schema.additionalProperties;
    if (declared === false) throw node.refuse("a required property that is not declared");
    return declared === undefined || declared === true ? anyValue() : ruleOf(node.child("additionalProperties"));
  };
  const undeclared = required.filter((name) => !Object.hasOwn(properties, name));
  const names = Object.keys(properties);
  if (names.length + undeclared.length === 0) {
    return schema.additionalProperties === false ? `"{" ${space} "}"` : mapOf(gbnf, additional());
  }
  const member = (name: string, value: string, isRequired: boolean): Member => ({
    rule: gbnf.rule(`${literal(JSON.stringify(name))} ":" ${space} ${value}`),
    required: isRequired,
  });
  const members = [
    ...names.map((name) => member(name, ruleOf(node.child("properties", name)), required.includes(name))),
    ...undeclared.map((name) => member(String(name), additional(), true)),
  ];
  return `"{" ${space} ${sequence(gbnf, members)} ${space} "}"`;
}

/** The members in order with commas between those that are there. */
function sequence(gbnf: GbnfBuilder, members: readonly Member[]): string {
  // What may follow once a member was written, and what may stand here when none was; built from the end.
  let following = '""';
  let first = '""';
  for (const { rule, required } of members.toReversed()) {
    const start = gbnf.rule(`${rule} ${following}`);
    first = required ? start : gbnf.rule(`${start} | ${first}`);
    following = gbnf.rule(required ? `"," ${space} ${rule} ${following}` : `("," ${space} ${rule})? ${following}`);
  }
  return first;
}
