import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ConfigError } from "@koinon/runtime/config";
import { planHost } from "@koinon/runtime/host";
import type { ModuleDefinition } from "@koinon/runtime/module";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { gatewayModule } from "../../src/module.ts";
import { startGateway } from "../fixture/start-gateway.ts";

const plan = (env: Record<string, string>) =>
  planHost([{ definition: gatewayModule as ModuleDefinition<unknown> }], { env, readFile: () => "ab".repeat(32) });
const whole = { GATEWAY_DATABASE_URL: "postgresql://x", GATEWAY_SEED: "ab".repeat(32), MARKET_ADDRESS: "127.0.0.1:1" };

function problemsOf(env: Record<string, string>): string {
  try {
    plan(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join("\n");
    throw error;
  }
  return "";
}

describe("a host that runs the gateway", () => {
  test("needs a database, a seed and the market; poi it can do without", () => {
    expect(problemsOf(whole)).toBe("");
    expect(problemsOf({ ...whole, GATEWAY_SEED: "", GATEWAY_SEED_FILE: "/run/secrets/seed" })).toBe("");
    const problems = problemsOf({});
    for (const name of ["GATEWAY_DATABASE_URL", "GATEWAY_SEED", "market"]) expect(problems).toContain(name);
    expect(problems).not.toContain("poi");
  });

  test("hears of every setting that is wrong, at once", () => {
    const wrong = {
      GATEWAY_PORT: "65536",
      GATEWAY_SEED: "abc",
      GATEWAY_ADMINISTRATOR_KEY: "sk-1",
      GATEWAY_VERIFYING_CONTRACT: "0xAB",
      GATEWAY_BODY_BYTES_MAX: "9999999",
    };
    const problems = problemsOf({ ...whole, ...wrong });
    for (const name of Object.keys(wrong)) expect(problems).toContain(name);
  });
});

describe("a trust file", () => {
  let postgres: TestPostgres;
  let folder: { path: string; remove(): Promise<void> };
  beforeAll(async () => {
    postgres = await startTestPostgres();
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await folder.remove();
    await postgres.stop();
  });

  test("of another network, or that is none, keeps the gateway from starting", async () => {
    const file = path.join(folder.path, "trust.json");
    const trust = {
      format: "koinon.trust/1",
      chainId: "1",
      verifyingContract: `0x${"00".repeat(20)}`,
      logs: [],
      witnesses: { vkeys: [], threshold: 0 },
      providers: [],
    };
    await writeFile(file, JSON.stringify(trust));
    await expect(startGateway(postgres, { env: { GATEWAY_TRUST_FILE: file } })).rejects.toThrow("another network");
    await writeFile(file, "{}");
    await expect(startGateway(postgres, { env: { GATEWAY_TRUST_FILE: file } })).rejects.toThrow();
  });
});
