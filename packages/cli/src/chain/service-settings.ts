import { readFileSync } from "node:fs";
import path from "node:path";
import { type ChainModuleConfig, chainConfig } from "@koinon/chain/config";
import { developmentChain } from "@koinon/node/development-chain";
import { ConfigReader } from "@koinon/runtime/config";
import { type Terminal, UsageError } from "../command.ts";

/** The chain's settings as the service reads them from the environment, but for its folder and genesis file. */
export function serviceSettings(
  { env }: Pick<Terminal, "env">,
  own: Readonly<Record<string, string>>,
): ChainModuleConfig {
  const reader = new ConfigReader({ env: { ...env, ...own }, readFile: (name) => readFileSync(name, "utf8") });
  const config = reader.read("chain", chainConfig);
  try {
    reader.finish();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return config;
}

/** Settings that say where the development chain of a data folder is. */
export function developmentPlace(folder: string): { readonly CHAIN_DATA: string; readonly CHAIN_GENESIS: string } {
  return {
    CHAIN_DATA: path.join(folder, developmentChain.stateFolder),
    CHAIN_GENESIS: path.join(folder, developmentChain.genesisFile),
  };
}
