import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { Committed } from "@koinon/contracts/koinon/chain/v1/committed";
import { WithdrawalServiceDefinition } from "@koinon/contracts/koinon/chain/v1/withdrawal_service";
import { createClient } from "@koinon/rpc/client";
import type { Client } from "@koinon/rpc/handler";
import { LocalServices } from "@koinon/rpc/in-process";
import { systemClock } from "@koinon/runtime/clock";
import { ConfigReader } from "@koinon/runtime/config";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import { implementation } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { verifyProof } from "@koinon/trie/proof";
import { metrics } from "@opentelemetry/api";
import { chainConfig } from "../../src/config.ts";
import { Shard } from "../../src/shard.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import { contracts, transfers, Wallets } from "../chain/workload.ts";
import { signerOf } from "../sample-transactions.ts";

const clock = systemClock;

interface Running {
  readonly client: Client<ChainServiceDefinition>;
  /** As a service of this name calls. */
  withdrawals(caller: string): Client<WithdrawalServiceDefinition>;
  readonly bus: MemoryBus;
  readonly committed: bigint[];
  readonly logged: readonly string[];
  stop(): Promise<void>;
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let running: Running | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(path.join(folder.path, "genesis.json"), testGenesis());
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await folder.remove();
});

async function start(env: Record<string, string> = {}): Promise<Running> {
  const reader = new ConfigReader({
    env: {
      CHAIN_DATA: path.join(folder.path, "data"),
      CHAIN_GENESIS: path.join(folder.path, "genesis.json"),
      CHAIN_RPC_LISTEN: "off",
      CHAIN_BLOCK_INTERVAL_MS: "0",
      CHAIN_RECOVERY_WORKERS: "0",
      ...env,
    },
    readFile: () => "",
  });
  const config = reader.read("chain", chainConfig);
  reader.finish();
  const bus = new MemoryBus({ redeliveryDelayMs: () => 10 }, { clock });
  const committed: bigint[] = [];
  await bus.consume({
    ...{ durable: "test", subject: "koinon.chain.v1.committed.>", maxDeliveries: 1, concurrency: 1 },
    handler: async ({ payload }) => void committed.push(Committed.decode(payload).number),
  });
  const failures: unknown[] = [];
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const log = createLogger({ name: "chain", level: "info", clock, destination });
  const shard = await Shard.open(config, {
    ...{ clock, random: systemRandom, log, bus, meter: metrics.getMeter("test") },
    fail: (error) => failures.push(error),
  });
  await shard.start();
  const services = new LocalServices({ clock, onBug: (error) => failures.push(error) });
  for (const binding of shard.services) services.add(binding);
  const client = createClient(ChainServiceDefinition, services.channel("test"), {}, { clock });
  expect(shard.health().status).toBe("serving");
  return {
    ...{ client, bus, committed, logged },
    withdrawals: (caller) => createClient(WithdrawalServiceDefinition, services.channel(caller), {}, { clock }),
    stop: async () => {
      await shard.quiesce();
      await shard.stop();
      await bus.close();
      expect(failures).toEqual([]);
    },
  };
}

async function* batches(...raws: Uint8Array[][]) {
  for (const transactions of raws) yield { transactions };
}

const latest = { block: undefined };

describe("a shard", () => {
  test("says when it is open which curve recovers senders", async () => {
    running = await start();
    const open = running.logged.map((line) => JSON.parse(line)).find(({ msg }) => msg === "chain open");
    expect(open).toMatchObject({ curve: implementation });
  });

  test("takes batches, and proves what became of them", async () => {
    running = await start();
    const { client, committed } = running;
    const wallets = new Wallets();
    const [first = new Uint8Array(0), ...rest] = transfers(wallets, 10);
    const answer = await client.submitTransactions(
      batches([first, ...rest], [first, Uint8Array.of(7)], contracts(wallets)),
    );
    expect(answer).toMatchObject({ accepted: 16n, refused: 2n });
    expect(answer.refusals.map(({ index, code }) => [index, code])).toEqual([
      [10n, "ALREADY_KNOWN"],
      [11n, "TRANSACTION_TYPE_UNSUPPORTED"],
    ]);
    const hash = keccak256(first);
    const { place, succeeded } = await waitFor(() => client.getReceipt({ hash }));
    expect(succeeded).toBe(true);
    const at = { block: { $case: "hash", value: place?.blockHash ?? hash } } as const;
    const { header, transactions } = await client.getBlock({ block: at, includeTransactions: true });
    expect(transactions[place?.index ?? 0]).toEqual(first);
    expect(keccak256(header?.rlp ?? hash)).toEqual(header?.hash);
    const address = hexToBytes(signerOf(1).address);
    const proof = await client.getProof({ block: at, address, slots: [] });
    const verdict = verifyProof(proof.header?.stateRoot ?? hash, keccak256(address), proof.accountProof);
    expect(verdict).toMatchObject({ valid: true });
    expect((await client.getTransaction({ hash })).sender).toEqual(hexToBytes(signerOf(0).address));
    await waitFor(() => committed.length > 0);
    expect(committed[0]).toBe(1n);
  });

  test("credits coin for the callers that it names, and proposes for it alone", async () => {
    running = await start({ CHAIN_WITHDRAWAL_CALLERS: "operator, treasury" });
    const operator = running.withdrawals("operator");
    const address = new Uint8Array(20).fill(0xc1);
    const request = { requestId: "salary:2026-11", address, amountGwei: 3n };
    const { withdrawal } = await operator.queueWithdrawal(request);
    expect(withdrawal).toEqual({ index: 0n, address, amountGwei: 3n, block: undefined });
    const { number } = await waitFor(async () => (await operator.getWithdrawal(request)).withdrawal?.block);
    expect(number).toBe(1n);
    expect((await running.withdrawals("treasury").queueWithdrawal(request)).withdrawal?.block?.number).toBe(1n);
    const refusals: readonly [object, string, string][] = [
      [request, "gateway", "CALLER_REFUSED"],
      [{ ...request, amountGwei: 4n }, "operator", "WITHDRAWAL_MISMATCH"],
      [{ ...request, amountGwei: 0n }, "operator", "REQUEST_INVALID"],
      [{ ...request, address: new Uint8Array(19) }, "operator", "REQUEST_INVALID"],
      ...["", "a b", "é", "x".repeat(65)].map(
        (requestId) =>
          [{ ...request, requestId }, "operator", "REQUEST_INVALID"] as const satisfies [object, string, string],
      ),
    ];
    for (const [change, caller, code] of refusals) {
      const call = running.withdrawals(caller).queueWithdrawal({ ...request, ...change });
      await expect(call).rejects.toMatchObject({ code });
    }
    await expect(operator.getWithdrawal({ requestId: "other" })).rejects.toMatchObject({ code: "WITHDRAWAL_UNKNOWN" });
    expect((await running.client.getBlock({ block: undefined, includeTransactions: false })).header?.number).toBe(1n);
  });

  test("credits nobody unless callers are named", async () => {
    running = await start();
    const request = { requestId: "a", address: new Uint8Array(20), amountGwei: 3n };
    await expect(running.withdrawals("operator").queueWithdrawal(request)).rejects.toMatchObject({
      code: "METHOD_UNKNOWN",
    });
  });

  test("streams blocks and logs from behind a cursor, also after a restart", async () => {
    running = await start();
    const wallets = new Wallets();
    await running.client.submitTransactions(batches(contracts(wallets)));
    const { header } = await waitFor(async () => {
      const found = await (running as Running).client.getBlock({ block: undefined, includeTransactions: false });
      return (found.header?.number ?? 0n) > 0n && found;
    });
    await running.stop();
    running = await start();
    const { client } = running;
    const genesis = await client.getBlock({
      block: { block: { $case: "number", value: 0n } },
      includeTransactions: false,
    });
    const cursor = `0-${bytesToHex(genesis.header?.hash ?? new Uint8Array(32))}`;
    for await (const event of client.subscribeBlocks({ cursor })) {
      expect(event.header?.number).toBe(1n);
      break;
    }
    const logs: number[] = [];
    for await (const event of client.subscribeLogs({ cursor, addresses: [], topics: [] })) {
      logs.push(event.logs.length);
      if (event.blockNumber === header?.number) break;
    }
    expect(logs.reduce((sum, count) => sum + count, 0)).toBe(3);
    await client.submitTransactions(batches(transfers(wallets, 2)));
    await waitFor(
      async () =>
        ((await client.getBlock({ ...latest, includeTransactions: false })).header?.number ?? 0n) >
        (header?.number ?? 0n),
    );
    // What was published before is not published again, and nothing is left out.
    await waitFor(() => (running as Running).committed.length > 0);
    expect((running as Running).committed[0]).toBe((header?.number ?? 0n) + 1n);
  });

  test("ends a call whose time is over, and answers the next one", async () => {
    running = await start({
      CHAIN_CALL_TIMEOUT_MS: "2000",
      CHAIN_CALL_GAS: String(10n ** 12n),
      CHAIN_CALL_THREADS: "1",
    });
    const { client } = running;
    const none = new Uint8Array(0);
    const message = { ...{ from: none, to: none, value: none, gas: 0n }, ...latest };
    const endless = client.call({ ...message, data: hexToBytes("0x5b5f56") });
    await expect(endless).rejects.toMatchObject({ code: "CALL_TIMEOUT", status: "DEADLINE_EXCEEDED" });
    expect((await client.call({ ...message, data: hexToBytes("0x00") })).succeeded).toBe(true);
  });

  test("refuses another genesis than the one it began with", async () => {
    await (await start()).stop();
    await writeFile(
      path.join(folder.path, "genesis.json"),
      testGenesis({ alloc: { [signerOf(100).address]: { balance: "1" } } }),
    );
    await expect(start()).rejects.toMatchObject({ code: "GENESIS_MISMATCH" });
  });

  test("says what is wrong with a request", async () => {
    running = await start();
    const { client } = running;
    const short = new Uint8Array(5);
    await expect(client.getReceipt({ hash: short })).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
    await expect(client.getReceipt({ hash: new Uint8Array(32) })).rejects.toMatchObject({ status: "NOT_FOUND" });
    const block = { block: { $case: "number", value: 99n } } as const;
    await expect(client.getBlock({ block, includeTransactions: false })).rejects.toMatchObject({ status: "NOT_FOUND" });
    const begin = async () => {
      for await (const _ of client.subscribeBlocks({ cursor: "nonsense" })) break;
    };
    await expect(begin()).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
  });
});
