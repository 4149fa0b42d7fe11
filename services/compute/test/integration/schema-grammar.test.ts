import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Ajv2020 } from "ajv/dist/2020.js";
import { SchemaGrammar } from "../../src/openai/grammar/schema-grammar.ts";
import { startRandomEngine, type TestEngine } from "../fixtures/engine-process.ts";

// Random weights write whatever the grammar lets through, and a schema validator written by others judges it.
let engine: TestEngine;
beforeAll(async () => {
  engine = await startRandomEngine();
});
afterAll(() => engine.close());

const object = (properties: object, rest: object = {}) => ({
  type: "object",
  properties,
  additionalProperties: false,
  ...rest,
});
const short = { type: "string", maxLength: 6 };

const schemas: Record<string, object> = {
  "optional members": object(
    { a: { type: "boolean" }, b: { type: "null" }, c: { enum: [1, "x", null] } },
    { required: ["b"] },
  ),
  "no member at all": object({}),
  "all optional": object({ a: { const: 1 }, b: { const: 2 }, c: { const: 3 } }),
  "bounded strings": object(
    { a: { type: "string", minLength: 2, maxLength: 4 }, b: { type: "string", minLength: 3, maxLength: 3 } },
    { required: ["a", "b"] },
  ),
  integers: object(
    {
      a: { type: "integer", minimum: -3, maximum: 120 },
      b: { type: "integer", exclusiveMinimum: 5, exclusiveMaximum: 9 },
      c: { type: "integer", minimum: 0 },
    },
    { required: ["a", "b", "c"] },
  ),
  numbers: object({ a: { type: "number" }, b: { type: "number", minimum: -2, maximum: 7 } }, { required: ["a", "b"] }),
  arrays: object(
    {
      a: { type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 3 },
      b: { type: "array", maxItems: 0 },
      c: { type: "array", items: short, minItems: 2, maxItems: 2 },
    },
    { required: ["a", "b", "c"] },
  ),
  "nested and optional": object({ a: object({ b: object({ c: { enum: ["deep"] } }) }) }, { required: ["a"] }),
  "anyOf and type lists": object(
    {
      a: { anyOf: [{ type: "boolean" }, object({ x: { const: "y" } }, { required: ["x"] })] },
      b: { type: ["boolean", "null"] },
    },
    { required: ["a", "b"] },
  ),
  "references and recursion": {
    $defs: {
      node: object(
        { leaf: { type: "boolean" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
        { required: ["leaf", "next"] },
      ),
    },
    $ref: "#/$defs/node",
  },
  formats: object(
    {
      a: { type: "string", format: "date" },
      b: { type: "string", format: "date-time" },
      c: { type: "string", format: "uuid" },
      d: { type: "string", format: "time" },
    },
    { required: ["a", "b", "c", "d"] },
  ),
  "a required member that is not declared": {
    type: "object",
    properties: { a: { const: 1 } },
    required: ["a", "b c"],
    additionalProperties: { type: "boolean" },
  },
  maps: { type: "object", additionalProperties: { enum: [1, 2] } },
  "names and values that need escapes": object(
    { 'quo"te\\ \n': { enum: ['a"b\\', "\u0001é😀"] } },
    { required: ['quo"te\\ \n'] },
  ),
  "allOf of one, const object": object(
    { a: { allOf: [{ type: "boolean" }] }, b: { const: { x: [1, { y: null }] } } },
    { required: ["a", "b"] },
  ),
};

const formats: Record<string, RegExp | ((text: string) => boolean)> = {
  date: (text) =>
    !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text),
  "date-time": (text) => new Date(text).toISOString().slice(0, 19) === text.slice(0, 19),
  time: /^([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
};

async function write(schema: object, seed: number): Promise<{ text: string; ended: boolean }> {
  const grammar = new SchemaGrammar("response_format");
  const request = {
    ...{ model: "random", prompt: { kind: "text" as const, text: "x" }, choices: 1, maxTokens: 500, stop: [] },
    sampling: { temperature: 1.3, topP: 1, frequencyPenalty: 0, presencePenalty: 0, seed },
    constraint: { grammar: grammar.gbnf.build(grammar.add(schema)) },
  };
  let text = "";
  let ended = false;
  for await (const event of engine.generator.generate(request, AbortSignal.timeout(20_000))) {
    if (event.type === "delta") text += event.text;
    if (event.type === "finished") ended = event.reason === "stop";
  }
  return { text, ended };
}

describe("everything that a grammar lets through is valid under its schema", () => {
  const ajv = new Ajv2020({ strict: false, formats });
  test.each(Object.entries(schemas))("%s", async (_name, schema) => {
    const validate = ajv.compile(schema);
    let complete = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { text, ended } = await write(schema, seed);
      // Random weights also write bytes that are no UTF-8, which become more characters than the engine counted.
      if (!ended || text.includes("\uFFFD")) continue;
      complete++;
      const value: unknown = JSON.parse(text);
      expect([text, validate(value), validate.errors]).toEqual([text, true, null]);
    }
    expect(complete).toBeGreaterThan(0);
  });

  test("any object", async () => {
    const grammar = new SchemaGrammar("response_format");
    expect(() => grammar.gbnf.build(grammar.anyObject())).not.toThrow();
    for (let seed = 1; seed <= 5; seed++) {
      const { text, ended } = await write({ type: "object" }, seed);
      if (ended) expect(typeof JSON.parse(text)).toBe("object");
    }
  });
});

test("the engine follows the longest repetitions that are let through", async () => {
  const item = object({ a: { type: "array", items: short, maxItems: 1_000 }, b: { type: "string", maxLength: 1_000 } });
  const { text } = await write({ type: "array", items: item, minItems: 1_000, maxItems: 1_000 }, 1);
  expect(text.length).toBeGreaterThan(0);
});

test("what a grammar can not hold is refused, by place", () => {
  const cases: [unknown, string][] = [
    [{ oneOf: [{}] }, "#: 'oneOf'"],
    [{ not: {} }, "#: 'not'"],
    [object({ a: { type: "string", pattern: "x" } }), "#/properties/a: 'pattern'"],
    [object({ a: { type: "string", format: "email" } }), "#/properties/a: 'format' \"email\""],
    [object({ "a/b": { type: "number", exclusiveMinimum: 0 } }), "#/properties/a~1b: exclusive bounds"],
    [{ type: "integer", multipleOf: 3 }, "#: 'multipleOf'"],
    [{ type: "integer", minimum: 0.5 }, "#: 'minimum' 0.5"],
    [{ type: "integer", minimum: 5, maximum: 4 }, "#: no number lies"],
    [{ type: "array", uniqueItems: true }, "#: 'uniqueItems'"],
    [{ type: "array", items: { type: "file" } }, "#/items: 'type' \"file\""],
    [{ type: "array", minItems: 3, maxItems: 2 }, "#: 'maxItems' is less"],
    [{ type: "string", minLength: 10_000 }, "#: 'minLength' over 1000"],
    [{ type: "object", patternProperties: {} }, "#: 'patternProperties'"],
    [{ type: "object", properties: {}, required: ["a"], additionalProperties: false }, "#: a required property"],
    [{ allOf: [{}, {}] }, "#: 'allOf' of several"],
    [{ anyOf: [{}], type: "object" }, "#: 'type' beside 'anyOf'"],
    [{ $ref: "#/$defs/none" }, "#: '$ref' to #/$defs/none"],
    [{ $ref: "https://example.com/schema" }, "#: '$ref'"],
    [{ enum: ["a"], type: "number" }, "#: no value of 'enum'"],
    [false, "#: 'false' allows no value"],
    ["text", "#: not a schema"],
  ];
  for (const [schema, place] of cases) {
    expect(() => new SchemaGrammar("response_format").add(schema)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(place),
        body: expect.objectContaining({ status: 400, param: "response_format", code: "invalid_json_schema" }),
      }),
    );
  }
  const huge = object(Object.fromEntries(Array.from({ length: 5_001 }, (_, i) => [`p${i}`, { type: "boolean" }])));
  expect(() => new SchemaGrammar("tools").add(huge)).toThrow("too large");
});
