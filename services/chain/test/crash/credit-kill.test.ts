import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { startChild } from "@koinon/testkit/child-process";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { noCommitments } from "../../src/proposer/solo-proposer.ts";
import { manualProposer, never, startChainFixture } from "../chain/chain-fixture.ts";
import { creditRequest } from "./credit-request.ts";

const rounds = Number(process.env.KOINON_CRASHES ?? 20) / 2;
const main = new URL("./crediting-chain-main.ts", import.meta.url).pathname;
/** Requests that a client repeats after a crash, because it does not know better. */
const repeated = 5;

test(
  `killed ${rounds} times while accounts are credited, each was credited once`,
  async () => {
    const folder = await temporaryFolder("koinon-credit-");
    const random = new SeededRandom(`credit ${rounds}`);
    let next = 0;
    try {
      for (let round = 0; round < rounds; round++) {
        const child = await startChild({
          command: process.execPath,
          args: ["--no-warnings", main, folder.path, String(Math.max(0, next - repeated))],
          ready: /^queued /,
        });
        // More than what is repeated, however slow the disk is.
        const enough = repeated + 4 + random.integer(20);
        await waitFor(() => child.stdoutLines.length > enough, { intervalMs: 1, what: "requests are queued" });
        await delay(random.integer(20));
        await child.kill();
        const numbers = child.stdoutLines.flatMap((line) => /^queued (\d+)$/.exec(line)?.[1] ?? []);
        next = Math.max(next, Number(numbers.at(-1)) + 1);
      }
      await expectCreditedOnce(folder.path, next);
    } finally {
      await folder.remove();
    }
  },
  rounds * 10_000,
);

async function expectCreditedOnce(path: string, acknowledged: number): Promise<void> {
  const fixture = await startChainFixture({ path });
  const { engine, store, withdrawals } = fixture.chain;
  const commitments = { ...noCommitments, withdrawals: ({ hash }: { hash: `0x${string}` }) => withdrawals.after(hash) };
  try {
    while (withdrawals.waitingCount > 0)
      await manualProposer(engine, { commitments }).propose(await engine.head(), never);
    expect(acknowledged).toBeGreaterThan(3 * rounds);
    const state = store.state.at(store.head().hash);
    // One more may be on disk and never have been acknowledged.
    for (let number = 0; number <= acknowledged + 1; number++) {
      const { requestId, address, amountGwei } = creditRequest(number);
      const wei = state.account(address)?.balance ?? 0n;
      const once = amountGwei * 1_000_000_000n;
      const isQueued = withdrawals.find(requestId) !== undefined;
      expect([number, wei]).toEqual([number, isQueued ? once : 0n]);
      expect([number, isQueued || number >= acknowledged]).toEqual([number, true]);
    }
    store.state.verify();
  } finally {
    await fixture.close();
  }
}
