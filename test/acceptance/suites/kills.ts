import { describe, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { chat, createKey } from "../network/client.ts";
import type { Network } from "../network/network.ts";
import { expectWholeBooks } from "./books.ts";

const roundsPerProcess = Number(process.env.KOINON_KILL_ROUNDS ?? "1");
const clients = 4;

/** kill -9 of each process under load, then: answered requests are settled once and logged once, and the money adds up. */
export function kills(network: () => Network): void {
  describe("kill -9 under load", () => {
    test("loses no answered request, pays none twice, keeps the log and the balance whole", async () => {
      const { key } = await createKey(network(), 1_000_000_000n);
      const answered: string[] = [];
      for (const name of network().killable) {
        for (let round = 0; round < roundsPerProcess; round += 1) {
          const load = startLoad(network(), key, answered);
          try {
            const goal = answered.length + 10 + Math.floor(Math.random() * 40);
            await waitFor(() => answered.length >= goal, { deadlineMs: 60_000, what: `load before killing ${name}` });
            await network().kill(name);
            await network().recover();
            const resumed = answered.length + 10;
            await waitFor(() => answered.length >= resumed, {
              deadlineMs: 60_000,
              what: `answers after ${name} came back`,
            });
          } finally {
            await load.stop();
          }
        }
      }
      await expectWholeBooks(network(), key, answered);
    }, 600_000);
  });
}

/** Clients that ask until they are stopped; failures are expected while a process is down, and only answers count. */
function startLoad(network: Network, key: string, answered: string[]): { stop(): Promise<void> } {
  let running = true;
  const client = async () => {
    while (running) {
      try {
        const { status, headers } = await chat(network, "say 3", { apiKey: key });
        if (status === 200) answered.push(headers["x-request-id"] as string);
        else await pause();
      } catch {
        await pause();
      }
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    async stop() {
      running = false;
      await done;
    },
  };
}

/** A client that was refused asks again a little later, as clients do. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
