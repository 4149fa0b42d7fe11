import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { openChain } from "../../src/chain.ts";
import { watchPool } from "../../src/proposer/pool-watch.ts";
import { noCommitments, SoloProposer } from "../../src/proposer/solo-proposer.ts";
import { chainOptions, never } from "../chain/chain-fixture.ts";
import { creditRequest } from "./credit-request.ts";

// A chain whose operator credits one account after the other, from a number on; somebody kills it. Says what was acknowledged.
const [folder = "", first = "0"] = process.argv.slice(2);
const { engine, view, withdrawals } = await openChain(chainOptions(folder), {
  clock: systemClock,
  random: systemRandom,
  workerLost: () => undefined,
  callThreadLost: () => undefined,
});
const proposer = new SoloProposer(
  { intervalMs: 0, emptyBlocks: false, feeRecipient: "0x00000000000000000000000000000000000000fe", buildMs: 0 },
  {
    ...{ engine, clock: systemClock, random: systemRandom },
    ...watchPool(view.mempool, withdrawals),
    commitments: { ...noCommitments, withdrawals: ({ hash }) => withdrawals.after(hash) },
  },
);

async function credit(): Promise<void> {
  for (let number = Number(first); ; number++) {
    await withdrawals.queue(creditRequest(number));
    process.stdout.write(`queued ${number}\n`);
  }
}

process.stdout.write("opened\n");
await Promise.all([proposer.run(never), credit()]);
