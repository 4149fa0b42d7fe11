import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { keccakHex } from "@koinon/ethereum/hash";
import type { Address } from "@koinon/secp256k1/address";
import { testGenesis } from "../../chain/test-genesis.ts";
import { signerOf } from "../../sample-transactions.ts";

/** Gas of a block: 11,428 plain transfers. */
export const blockGas = 240_000_000n;

/** The address of an account that nobody has the key of. */
export function fillerAddress(index: number): Address {
  return `0x${keccakHex(new TextEncoder().encode(`account ${index}`)).slice(26)}`;
}

/** Writes a genesis file with so many accounts, the first `senders` of them with keys. */
export async function writeBenchGenesis(file: string, accounts: number, senders: number): Promise<void> {
  const marker = "MORE";
  const [before = "", after = ""] = testGenesis({
    gasLimit: blockGas,
    fork: "prague",
    alloc: { "0x": { [marker]: "" } },
  }).split(`"0x":{"${marker}":""}`);
  const out = createWriteStream(file);
  out.write(before);
  for (let index = 64; index < accounts; index++) {
    const address = index < senders ? signerOf(index).address : fillerAddress(index);
    const text = `${index === 64 ? "" : ","}"${address}":{"balance":"0x21e19e0c9bab2400000"}`;
    if (!out.write(text)) await once(out, "drain");
  }
  out.end(after);
  await once(out, "finish");
}
