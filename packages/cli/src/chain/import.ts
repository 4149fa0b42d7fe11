import { access } from "node:fs/promises";
import { parseArgs } from "node:util";
import { importFile } from "@koinon/chain/import";
import { lockFolder } from "@koinon/machine/folder-lock";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { reasonOf } from "../connection/files.ts";
import { countInWords } from "../words.ts";
import { print } from "./action.ts";
import { dataFolderOf } from "./find-chain.ts";
import { developmentPlace, serviceSettings } from "./service-settings.ts";

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
  const place =
    values.genesis === undefined ? developmentPlace(folder) : { CHAIN_DATA: folder, CHAIN_GENESIS: values.genesis };
  await readable(file, "the blocks");
  await readable(place.CHAIN_GENESIS, "the genesis file");
  const config = serviceSettings(terminal, place);
  // A network starts its chain again whenever that ends, so all of it must be down.
  const lock = isNetwork ? await lockFolder(folder) : undefined;
  try {
    const signal = terminal.interrupted();
    const { imported, known, head } = await importFile(file, config, {
      clock: systemClock,
      random: systemRandom,
      signal,
    });
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

async function readable(file: string, what: string): Promise<void> {
  await access(file).catch((cause: unknown) => {
    throw new InputError(`can not read ${what} ${file}: ${reasonOf(cause)}`, { cause });
  });
}
