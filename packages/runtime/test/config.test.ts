import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { ConfigError, ConfigReader, declareConfig, secretSetting, setting } from "../src/config.ts";
import { configTable, withConfigTables } from "../src/config-docs.ts";
import { bigInteger, flag, integer, list, text } from "../src/config-schemas.ts";
import { configValuesSchema } from "../src/config-values.ts";
import { hostConfig } from "../src/host-config.ts";
import type { Secret } from "../src/secret.ts";

const shop = declareConfig({
  size: setting({ env: "SHOP_SIZE", schema: integer({ min: 1, max: 10 }), default: "3", description: "How many." }),
  price: setting({ env: "SHOP_PRICE", schema: bigInteger({ min: 0n }), default: "7", description: "How much." }),
  open: setting({ env: "SHOP_OPEN", schema: flag(), default: "true", description: "Whether | when." }),
  goods: setting({ env: "SHOP_GOODS", schema: list(), default: "", description: "What." }),
  owner: setting({ env: "SHOP_OWNER", schema: text(), description: "Who." }),
  safe: secretSetting({
    env: "SHOP_SAFE",
    schema: z.string().min(4, "too short").optional(),
    description: "Combination.",
  }),
});

function read(env: Record<string, string>, files: Record<string, string> = {}) {
  const reader = new ConfigReader({
    env,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw new Error(`no such file: ${path}`);
      return content;
    },
  });
  const values = reader.read("shop", shop);
  reader.finish();
  return values;
}

function problems(env: Record<string, string>, files?: Record<string, string>): readonly string[] {
  try {
    read(env, files);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
}

describe("reading", () => {
  test("values are typed, defaults apply, an empty variable is not set", () => {
    const values = read({ SHOP_OWNER: "Ada", SHOP_GOODS: " tea, , milk ", SHOP_SIZE: "" });
    const typed: {
      readonly size: number;
      readonly price: bigint;
      readonly open: boolean;
      readonly goods: readonly string[];
      readonly owner: string;
      readonly safe: Secret | undefined;
    } = values;
    expect(typed).toEqual({ size: 3, price: 7n, open: true, goods: ["tea", "milk"], owner: "Ada", safe: undefined });
  });

  test("bounds hold: the last value inside passes, the first outside does not", () => {
    expect(read({ SHOP_OWNER: "a", SHOP_SIZE: "10" }).size).toBe(10);
    for (const size of ["0", "11", "1.5", "x", "1e1", " 3"]) {
      expect([size, problems({ SHOP_OWNER: "a", SHOP_SIZE: size }).length]).toEqual([size, 1]);
    }
    expect(read({ SHOP_OWNER: "a", SHOP_PRICE: "340282366920938463463374607431768211456" }).price).toBe(2n ** 128n);
  });

  test("all problems come at once and say what the key is for", () => {
    expect(problems({ SHOP_SIZE: "many", SHOP_OPEN: "yes" })).toEqual([
      "SHOP_SIZE (shop): is not a whole number. How many.",
      "SHOP_OPEN (shop): is neither true nor false. Whether | when.",
      "SHOP_OWNER (shop): is not set. Who.",
    ]);
  });

  test("secrets come from a variable or a file, never both, and do not print", () => {
    expect(read({ SHOP_OWNER: "a", SHOP_SAFE: "12-34" }).safe?.reveal()).toBe("12-34");
    const { safe } = read({ SHOP_OWNER: "a", SHOP_SAFE_FILE: "/run/safe" }, { "/run/safe": "56-78\n" });
    expect(safe?.reveal()).toBe("56-78");
    for (const printed of [`${safe}`, JSON.stringify({ safe }), inspect({ safe }), inspect(safe, { depth: 9 })]) {
      expect(printed).not.toContain("56");
    }
    expect(
      problems({ SHOP_OWNER: "a", SHOP_SAFE: "1234", SHOP_SAFE_FILE: "/run/safe" }, { "/run/safe": "5678" }),
    ).toEqual(["SHOP_SAFE and SHOP_SAFE_FILE are both set"]);
    expect(problems({ SHOP_OWNER: "a", SHOP_SAFE_FILE: "/gone" })[0]).toContain("no such file: /gone");
    // A problem never shows the value.
    expect(problems({ SHOP_OWNER: "a", SHOP_SAFE: "abc" })).toEqual(["SHOP_SAFE (shop): too short. Combination."]);
  });

  test("a variable declared by two owners is refused", () => {
    const reader = new ConfigReader({ env: { SHOP_OWNER: "a" }, readFile: () => "" });
    reader.read("shop", shop);
    reader.read("stall", declareConfig({ size: shop.keys.size as never }));
    expect(() => reader.finish()).toThrow(ConfigError);
    expect(() => reader.finish()).toThrow("SHOP_SIZE is declared by both shop and stall");
  });
});

describe("documentation", () => {
  test("the table says what the declaration says", () => {
    expect(configTable(shop).split("\n")).toEqual([
      "| variable | value | default | meaning |",
      "| --- | --- | --- | --- |",
      "| `SHOP_SIZE` | whole number, 1 to 10 | `3` | How many. |",
      "| `SHOP_PRICE` | text | `7` | How much. |",
      "| `SHOP_OPEN` | `true` or `false` | `true` | Whether \\| when. |",
      "| `SHOP_GOODS` | comma list |  | What. |",
      "| `SHOP_OWNER` | text | required | Who. |",
      "| `SHOP_SAFE` | text |  | Combination. Secret; `SHOP_SAFE_FILE` may name a file. |",
    ]);
  });

  test("the schema of values has types, bounds, defaults and what is required, and secrets by reference", () => {
    const { config, secrets } = configValuesSchema([shop], new Set(["SHOP_OPEN"]));
    expect(config).toEqual({
      type: "object",
      additionalProperties: false,
      required: ["SHOP_OWNER"],
      properties: {
        SHOP_SIZE: { type: "integer", minimum: 1, maximum: 10, description: "How many.", default: 3 },
        SHOP_PRICE: { type: "string", pattern: "^-?\\d+$", description: "How much.", default: "7" },
        SHOP_GOODS: { type: "array", items: { type: "string" }, description: "What.", default: [] },
        SHOP_OWNER: { type: "string", minLength: 1, description: "Who." },
      },
    });
    expect(secrets).toMatchObject({
      additionalProperties: false,
      properties: { SHOP_SAFE: { required: ["secretName"], description: "Combination." } },
    });
    expect(secrets).not.toHaveProperty("required");
  });

  test("structured settings show what their text holds, with what may be left out", () => {
    const goods = z
      .string()
      .transform((text) => JSON.parse(text) as unknown)
      .pipe(z.array(z.object({ price: z.string().regex(/^\d+$/).transform(BigInt), count: z.int().default(1) })));
    const market = declareConfig({
      goods: setting({ env: "GOODS", schema: goods, description: "Goods." }),
      threads: setting({ env: "THREADS", schema: z.coerce.number().int().transform(String), description: "Threads." }),
      kinds: setting({
        env: "KINDS",
        schema: list().pipe(z.array(z.enum(["a"]))),
        default: "a",
        description: "Kinds.",
      }),
    });
    expect(configValuesSchema([market]).config).toMatchObject({
      required: ["GOODS", "THREADS"],
      properties: {
        GOODS: { type: "array", items: { properties: { price: { type: "string" } }, required: ["price"] } },
        THREADS: { type: "integer" },
        KINDS: { type: "array", items: { enum: ["a"] }, default: ["a"] },
      },
    });
  });

  test("tables are written between markers and nothing else is touched", async () => {
    const readme =
      "# Shop\n\n<!-- config: ./a.js shop -->\nold\n<!-- /config -->\nmiddle\n<!-- config: ./b.js shop -->\n<!-- /config -->\nend\n";
    const asked: string[] = [];
    const load = async (file: string, name: string) => {
      asked.push(`${file} ${name}`);
      return shop;
    };
    const written = await withConfigTables(readme, load);
    const table = configTable(shop);
    expect(written).toBe(
      `# Shop\n\n<!-- config: ./a.js shop -->\n${table}\n<!-- /config -->\nmiddle\n<!-- config: ./b.js shop -->\n${table}\n<!-- /config -->\nend\n`,
    );
    expect(asked).toEqual(["./a.js shop", "./b.js shop"]);
    expect(await withConfigTables(written, load)).toBe(written);
  });

  test("the README's table is up to date", async () => {
    const readme = readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8");
    expect(await withConfigTables(readme, async () => hostConfig)).toBe(readme);
  });
});
