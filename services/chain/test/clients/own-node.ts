import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { type ChainOptions, openChain } from "../../src/chain.ts";
import type { ChainView } from "../../src/chain-view.ts";
import { JsonRpcServer, type JsonRpcServerOptions } from "../../src/jsonrpc/json-rpc-server.ts";
import { noCommitments, SoloProposer } from "../../src/proposer/solo-proposer.ts";
import { chainOptions } from "../chain/chain-fixture.ts";
import { clientGenesis } from "./genesis.ts";
import type { Target } from "./target.ts";

/** Our node, with its parts at hand. */
export interface OwnNode extends Target {
  readonly view: ChainView;
}

/** Starts our node on the clients' genesis: a block as soon as a transaction waits. */
export async function startOwnNode(
  options: Partial<JsonRpcServerOptions> = {},
  calls: Partial<ChainOptions["calls"]> = {},
): Promise<OwnNode> {
  const folder = await temporaryFolder();
  const given = chainOptions(folder.path, clientGenesis());
  const settings = { ...given, calls: { ...given.calls, ...calls } };
  const log = createLogger({ name: "chain", level: "warn", clock: systemClock });
  const chain = await openChain(settings, {
    clock: systemClock,
    random: systemRandom,
    workerLost: () => undefined,
    callThreadLost: () => undefined,
  });
  const { view, engine } = chain;
  const proposer = new SoloProposer(
    { intervalMs: 0, emptyBlocks: false, feeRecipient: "0x0000000000000000000000000000000000000000", buildMs: 0 },
    {
      engine,
      clock: systemClock,
      random: systemRandom,
      commitments: noCommitments,
      itemsWait: (signal) => transactionsWait(view, signal),
      itemsWaiting: () => view.mempool.status().pending,
    },
  );
  const stopped = new AbortController();
  const proposing = proposer.run(stopped.signal);
  const server = new JsonRpcServer(
    {
      host: "127.0.0.1",
      port: 0,
      policy: { corsOrigins: [], hosts: [] },
      clientVersion: "koinon/test",
      ...options,
    },
    { view, clock: systemClock, random: systemRandom, log },
  );
  const port = await server.start();
  return {
    name: "koinon",
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    view,
    stop: async () => {
      await server.stop();
      stopped.abort();
      await proposing;
      await chain.close();
      await folder.remove();
    },
  };
}

async function transactionsWait({ mempool }: ChainView, signal: AbortSignal): Promise<void> {
  if (mempool.status().pending > 0) return;
  const waiting = Promise.withResolvers<void>();
  const unsubscribe = mempool.subscribe({ pending: () => waiting.resolve() });
  const stop = () => waiting.resolve();
  signal.addEventListener("abort", stop, { once: true });
  await waiting.promise;
  signal.removeEventListener("abort", stop);
  unsubscribe();
}
