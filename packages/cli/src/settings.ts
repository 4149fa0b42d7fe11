import { readFileSync } from "node:fs";
import { ConfigError, ConfigReader, declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { url } from "@koinon/runtime/config-schemas";
import { z } from "zod";
import { type Terminal, UsageError } from "./command.ts";

/** What commands take from the environment when it is not given as an option. */
export const settingsDeclaration = declareConfig({
  data: setting({
    env: "KOINON_DATA",
    schema: z.string().min(1),
    default: "./data",
    description: "Data folder of the network on this machine.",
  }),
  url: setting({ env: "KOINON_URL", schema: url().optional(), description: "Address of a gateway elsewhere." }),
  rpc: setting({
    env: "KOINON_RPC",
    schema: url().optional(),
    description: "JSON-RPC of a chain elsewhere.",
  }),
  apiKey: secretSetting({
    env: "KOINON_API_KEY",
    schema: z.string().min(1).optional(),
    description: "API key for the gateway, instead of the one in the data folder.",
  }),
});

/** Reads the settings; throws UsageError with all problems. */
export function readSettings({ env }: Pick<Terminal, "env">) {
  const reader = new ConfigReader({ env, readFile: (path) => readFileSync(path, "utf8") });
  const settings = reader.read("koinon", settingsDeclaration);
  try {
    reader.finish();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`the environment is wrong:\n${error.problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
  return settings;
}
