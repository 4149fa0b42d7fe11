import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { openChain } from "../../src/chain.ts";
import type { ChainView } from "../../src/chain-view.ts";
import { noCommitments, SoloProposer } from "../../src/proposer/solo-proposer.ts";
import { chainOptions, never } from "../chain/chain-fixture.ts";
import { richCount } from "../chain/test-genesis.ts";
import { Wallets } from "../chain/workload.ts";
import { signerOf } from "../sample-transactions.ts";

// A chain under load that somebody kills: says what is on disk, block by block.
const [folder = ""] = process.argv.slice(2);
const chain = await openChain(chainOptions(folder), {
  clock: systemClock,
  random: systemRandom,
  workerLost: () => undefined,
  callThreadLost: () => undefined,
});
const { view, engine } = chain;

const proposer = new SoloProposer(
  { intervalMs: 0, emptyBlocks: true, feeRecipient: "0x00000000000000000000000000000000000000fe", buildMs: 0 },
  {
    engine,
    clock: systemClock,
    random: systemRandom,
    commitments: noCommitments,
    itemsWait: async () => undefined,
    itemsWaiting: () => view.mempool.status().pending,
  },
);

async function report(): Promise<void> {
  for await (const { block } of view.subscriptions.blocks({ signal: never })) {
    const { hash, header, transactionCount } = block;
    process.stdout.write(`block ${header.number} ${hash} ${header.stateRoot} ${transactionCount}\n`);
  }
}

async function load({ mempool, intake }: ChainView): Promise<void> {
  const wallets = new Wallets();
  for (let sender = 0; sender < richCount; sender++) {
    for (let nonce = mempool.nextNonce(signerOf(sender).address); nonce > 0n; nonce--) wallets.skip(sender);
  }
  for (;;) {
    const raws = Array.from({ length: richCount }, (_, sender) =>
      wallets.sign(sender, { value: 1n, to: signerOf(sender + 1000 + wallets.nonceOf(sender)).address }),
    );
    await intake.submit(raws, never);
    while (mempool.status().pending > 1_000) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

process.stdout.write(`opened ${view.reader.head().header.number}\n`);
await Promise.all([report(), proposer.run(never), load(view)]);
