import { keccakHex } from "@koinon/ethereum/hash";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { openChain } from "../../src/chain.ts";
import { chainOptions, never } from "../chain/chain-fixture.ts";
import { richCount } from "../chain/test-genesis.ts";
import { Wallets } from "../chain/workload.ts";
import { signerOf } from "../sample-transactions.ts";

// A chain without blocks that takes one transaction after the other; somebody kills it. Says what was taken.
const [folder = ""] = process.argv.slice(2);
const chain = await openChain(
  { ...chainOptions(folder), journalsPool: true },
  { clock: systemClock, random: systemRandom, workerLost: () => undefined, callThreadLost: () => undefined },
);
await chain.restorePool(never);
const { mempool, intake } = chain.view;
const wallets = new Wallets();
for (let sender = 0; sender < richCount; sender++) {
  for (let nonce = mempool.nextNonce(signerOf(sender).address); nonce > 0n; nonce--) wallets.skip(sender);
}
for (let number = 0; ; number++) {
  const raw = wallets.sign(number % richCount, { value: 1n });
  const [outcome] = await intake.submit([raw], never);
  if (outcome === undefined || "rejection" in outcome) throw new Error("a transaction was refused");
  process.stdout.write(`taken ${keccakHex(raw)}\n`);
}
