/** Values whose defaults do not tell everything that they may be. */
const known: Readonly<Record<string, object>> = {
  pullPolicy: { enum: ["Always", "IfNotPresent", "Never"] },
  resources: {
    type: "object",
    additionalProperties: false,
    properties: { requests: { type: "object" }, limits: { type: "object" } },
  },
  infrastructure: {
    type: "object",
    additionalProperties: {
      type: "object",
      additionalProperties: false,
      required: ["port"],
      properties: { port: { type: "integer", minimum: 1, maximum: 65_535 }, to: { type: "array" } },
    },
  },
  issuer: { type: "object", required: ["name"], properties: { name: { type: "string" }, kind: { type: "string" } } },
};

/** A schema of values from their defaults: the same keys and types; an empty object or list may hold anything. */
export function schemaOfDefaults(value: unknown, key = ""): object {
  const special = known[key];
  if (special !== undefined) return special;
  if (Array.isArray(value)) return { type: "array" };
  switch (typeof value) {
    case "string":
      return { type: "string" };
    case "number":
      return { type: "integer", minimum: 0 };
    case "boolean":
      return { type: "boolean" };
    default:
      return schemaOfObject(value as Record<string, unknown>);
  }
}

function schemaOfObject(value: Record<string, unknown>): object {
  const entries = Object.entries(value);
  if (entries.length === 0) return { type: "object" };
  const properties = Object.fromEntries(entries.map(([name, entry]) => [name, schemaOfDefaults(entry, name)]));
  return { type: "object", additionalProperties: false, properties };
}
