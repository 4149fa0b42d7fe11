import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { parseGenesis } from "@koinon/ethereum/genesis";
import { newGenesisText } from "@koinon/ethereum/new-genesis";
import type { Address } from "@koinon/secp256k1/address";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { writingReason } from "../connection/files.ts";
import { print } from "./action.ts";
import { addressOf } from "./addresses.ts";
import { parseCoin } from "./amounts.ts";

/** Ethereum's own at the time of Osaka. */
const gasLimitDefault = 60_000_000n;
/** Bounds of go-ethereum (params.MinGasLimit, MaxGasLimit). */
const [gasLimitMin, gasLimitMax] = [5_000n, 2n ** 63n - 1n];

/** `koinon chain init`: writes the genesis file of a new shard; never over another file. */
export async function initChain(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "chain-id": { type: "string" },
      "gas-limit": { type: "string" },
      fund: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
    },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("init needs one file to write");
  const chainId = wholeNumber(values["chain-id"], "--chain-id", 1n, BigInt(Number.MAX_SAFE_INTEGER));
  const gasLimit = wholeNumber(
    values["gas-limit"] ?? gasLimitDefault.toString(),
    "--gas-limit",
    gasLimitMin,
    gasLimitMax,
  );
  const balances = balancesOf(values.fund);
  const timestamp = BigInt(Math.floor(terminal.clock.now() / 1000));
  const text = newGenesisText({ chainId, gasLimit, timestamp, balances });
  parseGenesis(text);
  try {
    await writeFile(file, text, { flag: "wx" });
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new InputError(`can not write ${file}: ${isThere ? "it is there already" : writingReason(cause)}`, { cause });
  }
  const words = [
    `${file}: chain ${chainId}, ${balances.size} funded, every fork up to Osaka`,
    `koinon start chain --data DIR --genesis ${file} --port 8545 runs it`,
  ];
  print(values.json, { file, chainId, gasLimit, timestamp, funded: balances.size }, words, terminal);
  return 0;
}

function balancesOf(fund: readonly string[]): Map<Address, bigint> {
  const balances = new Map<Address, bigint>();
  for (const entry of fund) {
    const [address = "", amount, ...rest] = entry.split("=");
    if (amount === undefined || rest.length > 0) throw new UsageError(`--fund ${entry}: ADDRESS=AMOUNT is expected`);
    const account = addressOf(address);
    if (balances.has(account)) throw new UsageError(`--fund ${address} is there twice`);
    balances.set(account, parseCoin(amount, "--fund"));
  }
  return balances;
}

function wholeNumber(text: string | undefined, option: string, min: bigint, max: bigint): bigint {
  if (text === undefined) throw new UsageError(`${option} is needed`);
  const value = /^[0-9]{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (value < min || value > max) throw new UsageError(`${option} ${text}: a number from ${min} to ${max} is expected`);
  return value;
}
