import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect, test } from "@jest/globals";
import type { TransactionPayload } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { testGenesis } from "../../chain/test-genesis.ts";
import { findBinary } from "../../clients/binaries.ts";
import { signerOf, transfer } from "../../sample-transactions.ts";
import { callMethod } from "./call-node.ts";
import { NodeTooSlow } from "./node-too-slow.ts";
import { nodes } from "./nodes.ts";
import { type Outcome, outcomesByReceipts, outcomesByTraces } from "./outcomes.ts";

const reverting: Address = "0x0000000000000000000000000000000000000a01";
const endless: Address = "0x0000000000000000000000000000000000000a02";
const forgiving: Address = "0x0000000000000000000000000000000000000a03";
const alloc = {
  [reverting]: { balance: "0x0", code: "0x5f5ffd" },
  [endless]: { balance: "0x0", code: "0x5b5f56" },
  // Calls the first one and does not mind.
  [forgiving]: { balance: "0x0", code: "0x5f5f5f5f5f610a015af100" },
};
const fees = { maxFeePerGas: 10n ** 13n, maxPriorityFeePerGas: 1_000_000_000n, gasLimit: 100_000n };
const sent: readonly (readonly [Partial<TransactionPayload>, boolean])[] = [
  [{}, true],
  [{ to: reverting, value: 0n }, false],
  [{ to: forgiving, value: 0n }, true],
  [{ to: endless, value: 0n }, false],
  ...Array.from({ length: 20 }, () => [{}, true] as const),
];

const { missing } = findBinary("anvil");
const onAnvil = missing === undefined ? test : test.skip;
const reason = missing === undefined ? "" : ` (skipped: ${missing})`;

onAnvil(`anvil's traces say of every transaction what its receipts say${reason}`, async () => {
  const folder = await temporaryFolder();
  const genesis = path.join(folder.path, "genesis.json");
  await writeFile(genesis, testGenesis({ fork: "prague", alloc }));
  const { http, stop } = await nodes.anvil({ folder: folder.path, genesis, accounts: 100, startMs: 20_000 });
  try {
    const expected: Outcome[] = [];
    for (const [index, [changes, succeeded]] of sent.entries()) {
      const raw = encodeTransaction(signTransaction(transfer(0, { ...fees, ...changes }), signerOf(index)));
      const hash = (await callMethod(http, "eth_sendRawTransaction", [bytesToHex(raw)])) as string;
      expected.push({ hash, succeeded });
    }
    const places = await waitFor(() => blocksOf(http, expected));
    for (const outcomes of [outcomesByReceipts, outcomesByTraces]) {
      const told: Outcome[] = [];
      for (const number of places) told.push(...(await outcomes(http, number, performance.now() + 20_000)));
      expect(told.toSorted(byHash)).toEqual(expected.toSorted(byHash));
    }
  } finally {
    await stop();
    await folder.remove();
  }
});

test("a node whose trace and receipt differ is not believed", async () => {
  const trace = { traceAddress: [], transactionHash: "0x01" };
  const receipt = { transactionHash: "0x01", status: "0x0" };
  const answers: Readonly<Record<string, unknown>> = { trace_block: [trace], eth_getTransactionReceipt: receipt };
  await withServer(
    (method) => answers[method],
    async (url) => {
      await expect(outcomesByTraces(url, 1, performance.now() + 20_000)).rejects.toThrow("do not say the same");
    },
  );
});

test("a node that does not tell in time is too slow", async () => {
  await withServer(
    () => undefined,
    async (url) => {
      for (const outcomes of [outcomesByReceipts, outcomesByTraces]) {
        await expect(outcomes(url, 1, performance.now() + 100)).rejects.toBeInstanceOf(NodeTooSlow);
      }
    },
  );
});

/** The blocks of all these transactions, once they have one. */
async function blocksOf(http: string, expected: readonly Outcome[]): Promise<readonly number[] | undefined> {
  const found = new Set<number>();
  for (const { hash } of expected) {
    const receipt = await callMethod(http, "eth_getTransactionReceipt", [hash]);
    if (receipt === null) return undefined;
    found.add(Number((receipt as { blockNumber: string }).blockNumber));
  }
  return [...found];
}

function byHash(left: Outcome, right: Outcome): number {
  return left.hash < right.hash ? -1 : 1;
}

/** A node that answers what it is told to, and never where that is nothing. */
async function withServer(answer: (method: string) => unknown, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const result = answer((JSON.parse(body) as { method: string }).method);
    if (result !== undefined) response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
