import { bytesToHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { chainTables } from "../../src/store/tables.ts";
import { searchLogs } from "../../src/view/log-search.ts";
import { createLoggingChain } from "../view/logging-chain.ts";

// How long a search takes through full blocks of token transfers, with the filters of their logs and with header blooms alone.
// Arguments: blocks, transfers in each.
const [count = "20", transfers = "5000"] = process.argv.slice(2);
let seed = 0;
const word = () => bytesToHex(keccak256(new TextEncoder().encode(String(seed++))));
const signature = word();
const token = bytesToHex(keccak256(new TextEncoder().encode("token")).subarray(12));
const log = () => ({ address: token, topics: [signature, word(), word()], data: new Uint8Array(32) });
const blocks = Array.from({ length: Number(count) }, () => Array.from({ length: Number(transfers) }, () => [log()]));
const folder = await temporaryFolder();
const store = await createLoggingChain(folder.path, blocks);
const limits = { logsMax: 20_000, blocksMax: 10_000n };
const last = BigInt(blocks.length - 1);

async function measure(what: string): Promise<void> {
  for (const [name, topics] of [
    ["a recipient that is there once", [[signature], [], [blocks.at(-1)?.at(-1)?.at(0)?.topics[2] ?? signature]]],
    ["a recipient that is not there", [[signature], [], [word()]]],
  ] as const) {
    const began = performance.now();
    const dependencies = { store, clock: { now: () => Date.now() }, sliceMs: 20 };
    const found = await searchLogs({ addresses: [token], topics }, { from: 0n, to: last }, limits, dependencies);
    const ms = (performance.now() - began) / blocks.length;
    process.stdout.write(`${what}, ${name}: ${found.length} found, ${ms.toFixed(2)} ms a block\n`);
  }
}

const bytes = [...store.state.table(chainTables.logFilters).range()].reduce((sum, { value }) => sum + value.length, 0);
process.stdout.write(
  `${blocks.length} blocks of ${transfers} transfers, ${Math.round(bytes / blocks.length)} bytes of filters each\n`,
);
await measure("with filters");
await store.state.write((tables) => {
  for (const { key } of [...store.state.table(chainTables.logFilters).range()])
    tables.remove(chainTables.logFilters, key);
});
await measure("with blooms alone");
await store.state.close();
await folder.remove();
