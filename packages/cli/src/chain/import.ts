import { readFileSync } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { type ChainModuleConfig, chainConfig } from "@koinon/chain/config";
import { importFile } from "@koinon/chain/import";
import { lockFolder } from "@koinon/machine/folder-lock";
import { developmentChain } from "@koinon/node/development-chain";
import { systemClock } from "@koinon/runtime/clock";
import { ConfigReader } from "@koinon/runtime/config";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { reasonOf } from "../connection/files.ts";
import { countInWords } from "../words.ts";
import { print } from "./action.ts";
import { dataFolderOf } from "./find-chain.ts";

/** `koinon chain import`: blocks of a file into the chain of a folder that nothing runs on. */
export async function importBlocks(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      data: { type: "string" },
      genesis: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("import needs one file to read");
  const folder = dataFolderOf(values, terminal);
  const isNetwork = values.genesis === undefined;
  const genesis = values.genesis ?? path.join(folder, developmentChain.genesisFile);
  await readable(file, "the blocks");
  await readable(genesis, "the genesis file");
  const config = settings(terminal, {
    CHAIN_DATA: isNetwork ? path.join(folder, developmentChain.stateFolder) : folder,
    CHAIN_GENESIS: genesis,
  });
  // A network starts its chain again whenever that ends, so all of it must be down.
  const lock = isNetwork ? await lockFolder(folder) : undefined;
  try {
    const signal = terminal.interrupted();
    const { imported, known, head } = await importFile(file, config, { clock: systemClock, signal });
    const words = [
      `${countInWords(imported, "block")} imported, ${known} known before`,
      `head ${head.number}   ${head.hash}`,
    ];
    print(values.json, { file, imported, known, head }, words, terminal);
    return 0;
  } finally {
    await lock?.release();
  }
}

/** The chain's settings as the service reads them from the environment, but for its folder and genesis file. */
function settings({ env }: Terminal, own: Readonly<Record<string, string>>): ChainModuleConfig {
  const reader = new ConfigReader({ env: { ...env, ...own }, readFile: (name) => readFileSync(name, "utf8") });
  const config = reader.read("chain", chainConfig);
  try {
    reader.finish();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return config;
}

async function readable(file: string, what: string): Promise<void> {
  await access(file).catch((cause: unknown) => {
    throw new InputError(`can not read ${what} ${file}: ${reasonOf(cause)}`, { cause });
  });
}
