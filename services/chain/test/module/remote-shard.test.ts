import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import { freePort } from "@koinon/machine/free-port";
import { systemClock } from "@koinon/runtime/clock";
import { ConfigReader } from "@koinon/runtime/config";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { metrics } from "@opentelemetry/api";
import { chainConfig } from "../../src/config.ts";
import { createEngineMethods } from "../../src/engine/rpc/engine-methods.ts";
import { type EngineServer, startEngineServer } from "../../src/engine/rpc/engine-server.ts";
import { createConsensusMethods } from "../../src/jsonrpc/consensus-methods.ts";
import { RemoteShard } from "../../src/remote-shard.ts";
import { type ChainFixture, startChainFixture } from "../chain/chain-fixture.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import { signerOf, transfer } from "../sample-transactions.ts";

const clock = systemClock;
const log = createLogger({ name: "chain", level: "silent", clock });
const secret = new Uint8Array(32).fill(0x42);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** The other client: an engine of ours behind the Engine API, with the methods that its specification wants there. */
let executor: ChainFixture;
let engine: EngineServer;
let shard: RemoteShard | undefined;
const failures: unknown[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(path.join(folder.path, "genesis.json"), testGenesis());
  executor = await startChainFixture();
  const { view, engine: native } = executor.chain;
  const client = { code: "KN", name: "koinon", version: "v0", commit: "0x00000000" };
  const methods = [createEngineMethods(native, view.reader.config.forks, client), createConsensusMethods(view)];
  engine = await startEngineServer({ host: "127.0.0.1", port: 0, secret }, { methods, log, clock });
});
afterEach(async () => {
  await shard?.stop();
  shard = undefined;
  await engine.close();
  await executor.close();
  await folder.remove();
  failures.length = 0;
});

async function start(env: Record<string, string>): Promise<RemoteShard> {
  const url = `http://127.0.0.1:${engine.port}`;
  const reader = new ConfigReader({
    env: {
      ...{ CHAIN_DATA: path.join(folder.path, "data"), CHAIN_GENESIS: path.join(folder.path, "genesis.json") },
      ...{ CHAIN_ENGINE_URL: url, CHAIN_ENGINE_JWT: bytesToHex(secret), CHAIN_ENGINE_BUILD_MS: "10" },
      ...{ CHAIN_BLOCK_INTERVAL_MS: "50", ...env },
    },
    readFile: () => "",
  });
  const config = reader.read("chain", chainConfig);
  reader.finish();
  const bus = new MemoryBus({ redeliveryDelayMs: () => 10 }, { clock });
  const meter = metrics.getMeter("test");
  const fail = (error: unknown) => failures.push(error);
  shard = await RemoteShard.open(config, url, { clock, random: systemRandom, log, bus, meter, fail });
  await shard.start();
  return shard;
}

describe("a proposer over another client", () => {
  test("passes JSON-RPC on to it, and tells how far it has come", async () => {
    const port = await freePort();
    const running = await start({ CHAIN_RPC_LISTEN: `127.0.0.1:${port}` });
    const rpc = async (method: string, ...params: unknown[]) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`http://127.0.0.1:${port}`, { method: "POST", headers, body });
      return (await answer.json()) as { result?: unknown; error?: { code: number; message: string; data?: string } };
    };
    const signed = signTransaction(transfer(0, { value: 5n }), signerOf(0));
    const { result: hash } = await rpc("eth_sendRawTransaction", bytesToHex(encodeTransaction(signed)));
    await waitFor(() => executor.chain.view.reader.receipt(hash as `0x${string}`), { what: "it is in a block" });
    expect((await rpc("eth_chainId")).result).toBe("0x7a69");
    expect((await rpc("net_version")).result).toBe("31337");
    expect(running.health()).toEqual({
      status: "serving",
      parts: [{ name: "engine", ok: true, detail: expect.stringMatching(/^block \d+$/) }],
    });
    // A contract that reverts with one word: its data arrives, too.
    const reverting = { data: "0x602a5f5260205ffd" };
    expect((await rpc("eth_call", reverting, "latest")).error).toMatchObject({
      code: 3,
      data: `0x${"2a".padStart(64, "0")}`,
    });
    // Nobody here has it, or hands it out.
    for (const method of ["engine_newPayloadV4", "eth_sign", "debug_traceTransaction", "eth_getProof"])
      expect([method, (await rpc(method)).error?.code]).toEqual([method, -32_601]);
    await engine.close();
    const { error } = await rpc("eth_blockNumber");
    expect(error).toEqual({ code: -32_000, message: "the client that executes does not answer" });
    await waitFor(() => failures.length > 0, { what: "the proposer gives up" });
    expect(running.health().status).toBe("not-serving");
  });

  test("serves no JSON-RPC unless it is told where", async () => {
    await start({});
    await waitFor(() => executor.chain.view.reader.head().header.number > 1n, { what: "blocks" });
    expect(failures).toEqual([]);
  });
});
