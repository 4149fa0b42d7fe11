import { open, rename, rm, stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Block, decodeBlock } from "@koinon/ethereum/block";
import { blockHash } from "@koinon/ethereum/block-header";
import { encodeWithdrawal } from "@koinon/ethereum/withdrawal";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { orderedRoot } from "@koinon/trie/ordered-root";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { writingReason } from "../connection/files.ts";
import { countInWords } from "../words.ts";
import { print } from "./action.ts";
import { findChain } from "./find-chain.ts";
import type { JsonRpc } from "./json-rpc.ts";

/** Blocks asked for at once; each answer may be 16 MB. */
const windowBlocks = 4n;

/** `koinon chain export`: a chain's blocks as a file that geth imports. The file appears when it is whole. */
export async function exportBlocks(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      from: { type: "string", default: "0" },
      to: { type: "string" },
      rpc: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("export needs one file to write");
  if (await isFolder(file)) throw new InputError(`can not write ${file}: it is a folder`);
  const rpc = await findChain(values, terminal);
  const head = await rpc.quantity("eth_blockNumber");
  const from = blockNumberOf(values.from, "--from");
  const to = values.to === undefined ? head : blockNumberOf(values.to, "--to");
  if (from > to || to > head) throw new UsageError(`blocks ${from} to ${to} of a chain whose head is ${head}`);
  const draft = `${file}.new`;
  const output = await open(draft, "w").catch((cause: unknown) => {
    throw new InputError(`can not write ${draft}: ${writingReason(cause)}`, { cause });
  });
  let sizeBytes = 0;
  try {
    for await (const block of checkedBlocks(rpc, from, to)) {
      await output.writeFile(block);
      sizeBytes += block.length;
    }
    await output.sync();
    await output.close();
    await rename(draft, file);
  } catch (error) {
    await output.close();
    await rm(draft, { force: true });
    throw error;
  }
  const blocks = to - from + 1n;
  const words = [`${file}: ${countInWords(blocks, "block")}, ${from} to ${to}, ${countInWords(sizeBytes, "byte")}`];
  print(values.json, { file, from, to, blocks, sizeBytes }, words, terminal);
  return 0;
}

async function isFolder(file: string): Promise<boolean> {
  return await stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Blocks in order, each whole in itself and the child of the one before; throws InputError for anything else. */
async function* checkedBlocks(rpc: JsonRpc, from: bigint, to: bigint): AsyncGenerator<Uint8Array> {
  let parent: Hex | undefined;
  for (let first = from; first <= to; first += windowBlocks) {
    const numbers: bigint[] = [];
    for (let number = first; number <= to && number < first + windowBlocks; number += 1n) numbers.push(number);
    const answers = await Promise.all(numbers.map((number) => rawBlock(rpc, number)));
    for (const [index, bytes] of answers.entries()) {
      const number = numbers[index] as bigint;
      const { problem, hash } = check(bytes, number, parent);
      if (problem !== undefined) throw new InputError(`${rpc.url}: block ${number} ${problem}`);
      parent = hash;
      yield bytes;
    }
  }
}

async function rawBlock(rpc: JsonRpc, number: bigint): Promise<Uint8Array> {
  const answer = await rpc.call("debug_getRawBlock", `0x${number.toString(16)}`);
  return hexToBytes(String(answer));
}

function check(
  bytes: Uint8Array,
  number: bigint,
  parent: Hex | undefined,
): { readonly problem?: string; readonly hash?: Hex } {
  let block: Block;
  try {
    block = decodeBlock(bytes);
  } catch (error) {
    return { problem: `can not be read: ${error instanceof Error ? error.message : String(error)}` };
  }
  const { header, transactions, withdrawals } = block;
  if (header.number !== number) return { problem: `is called ${header.number} by its header` };
  if (parent !== undefined && header.parentHash !== parent)
    return { problem: "is no child of the one before: the chain was reorganised meanwhile, or the node is wrong" };
  const isWhole =
    header.transactionsRoot === bytesToHex(orderedRoot(transactions)) &&
    header.withdrawalsRoot === bytesToHex(orderedRoot(withdrawals.map(encodeWithdrawal)));
  return isWhole ? { hash: blockHash(header) } : { problem: "has not the transactions that its header names" };
}

function blockNumberOf(text: string, option: string): bigint {
  if (!/^[0-9]{1,15}$/.test(text)) throw new UsageError(`${option} ${text} is not the number of a block`);
  return BigInt(text);
}
