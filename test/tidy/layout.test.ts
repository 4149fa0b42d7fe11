import { describe, expect, test } from "@jest/globals";
import { productionSources, readText, repositoryFiles, workspacePackages } from "./sources.ts";

/** Where reading a clock, drawing randomness or printing is the purpose of the file. */
const allowed: Record<string, RegExp> = {
  clock: /^(packages\/runtime\/src\/clock\.ts|bench\/|.*\/src\/main\.ts|services\/gateway\/terminal\/|packages\/sdk\/)/,
  randomness:
    /^(packages\/runtime\/src\/random\.ts|packages\/secp256k1\/src\/ecdsa-node\.ts|bench\/|services\/gateway\/terminal\/)/,
};

function offenders(pattern: RegExp, allow: RegExp): string[] {
  return productionSources().filter((file) => !allow.test(file) && pattern.test(readText(file)));
}

describe("layout", () => {
  test("the top level holds only what the layout names", () => {
    const top = new Set(repositoryFiles().map((file) => file.split("/")[0] as string));
    const named =
      /^(services|packages|proto|deploy|helm|docs|test|bench|tools|\.ci|README\.md|LICENSE|package\.json|pnpm-lock\.yaml|pnpm-workspace\.yaml|turbo\.json|tsconfig\.base\.json|jest\.preset\.mjs|biome\.json|knip\.json|\.gitignore|\.npmrc|\.editorconfig|\.dockerignore)$/;
    expect([...top].filter((entry) => !named.test(entry))).toEqual([]);
  });

  test("no folder or file is a junk drawer", () => {
    const junk = /(^|\/)(utils?|common|shared|helpers?|core|libs?|misc|managers?)(\/|\.tsx?$)/;
    expect(repositoryFiles().filter((file) => junk.test(file) && !file.startsWith("helm/"))).toEqual([]);
  });

  test("only the clock reads the time", () => {
    expect(offenders(/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, allowed.clock as RegExp)).toEqual([]);
  });

  test("only the randomness source draws random numbers", () => {
    expect(
      offenders(/\bMath\.random\(|\brandomBytes\(|\brandomUUID\(|getRandomValues\(/, allowed.randomness as RegExp),
    ).toEqual([]);
  });

  test("types are not silenced", () => {
    expect(offenders(/as unknown as|@ts-(ignore|nocheck|expect-error)/, /^$/)).toEqual([]);
  });

  test("a service entry is at most 20 lines", () => {
    const entries = repositoryFiles().filter((file) => /^services\/[^/]+\/src\/main\.ts$/.test(file));
    expect(entries.filter((file) => readText(file).trimEnd().split("\n").length > 20)).toEqual([]);
  });

  test("every package and service says what it owns", () => {
    const files = new Set(repositoryFiles());
    const silent = workspacePackages().filter(
      ({ folder }) => /^(packages|services)\//.test(folder) && !files.has(`${folder}/README.md`),
    );
    expect(silent.map(({ folder }) => folder)).toEqual([]);
  });
});

describe("dependency direction", () => {
  /** Lower layers never depend on higher ones; a package may use its own layer. */
  const layers: readonly (readonly string[])[] = [
    ["contracts", "errors", "machine", "wasm-assembler"],
    ["merkle", "tlog", "canonical-json", "eip712", "secp256k1"],
    ["ethereum", "trie", "precompiles", "evm", "solidity"],
    ["receipts", "contributions", "ledger"],
    ["rpc", "bus", "postgres", "runtime", "state", "sdk"],
    ["testkit"],
    ["compute", "poi", "gateway", "chain", "terminal"],
    ["node"],
    ["cli"],
    ["bench", "acceptance", "tidy", "charts-test", "cluster-test", "conformance"],
  ];
  const layerOf = new Map<string, number>(
    layers.flatMap((names, level) => names.map((name) => [`@koinon/${name}`, level] as const)),
  );

  test("every package has a layer", () => {
    expect(
      workspacePackages()
        .filter(({ name }) => !layerOf.has(name))
        .map(({ name }) => name),
    ).toEqual([]);
  });

  test("dependencies point down, and a service never imports a service", () => {
    const wrong: string[] = [];
    for (const { name, folder, dependencies } of workspacePackages()) {
      const own = layerOf.get(name) as number;
      for (const dependency of dependencies) {
        const other = layerOf.get(dependency) as number;
        const serviceToService = folder.startsWith("services/") && own === other;
        if (other > own || serviceToService) wrong.push(`${name} → ${dependency}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
