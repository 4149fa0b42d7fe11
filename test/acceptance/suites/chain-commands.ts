import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { freePort } from "@koinon/machine/free-port";
import { startChild } from "@koinon/testkit/child-process";
import { waitFor } from "@koinon/testkit/wait-for";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import type { AllInOne, ReadyShard } from "../network/all-in-one.ts";
import { chainClients } from "../network/chain-clients.ts";
import { koinon, koinonBin } from "../network/koinon-command.ts";

interface Transferred {
  readonly hash: string;
  readonly succeeded: boolean;
  readonly from: string;
  readonly value: string;
}

/** `koinon chain` against the development shard of a network, and against a chain of its own in `folder`. */
export function chainCommands(network: () => AllInOne, folder: () => string): void {
  const chain = async <T>(...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await koinon(["chain", ...args, "--json"]);
    expect([args, code, stderr]).toEqual([args, 0, ""]);
    return JSON.parse(stdout) as T;
  };
  const refused = async (code: number, ...args: string[]) => {
    const result = await koinon(["chain", ...args]);
    expect([args, result.code, result.stdout]).toEqual([args, code, ""]);
    return result.stderr;
  };

  describe("koinon chain", () => {
    test("status, faucet and send; help names every action", async () => {
      const data = ["--data", network().dataDir];
      const key = generatePrivateKey();
      const keyFile = path.join(folder(), "key");
      writeFileSync(keyFile, key);
      const address = privateKeyToAddress(key);
      const given = await chain<Transferred>("faucet", address, "--value", "2", ...data);
      expect(given).toMatchObject({ succeeded: true, value: "2000000000000000000" });
      const sent = await chain<Transferred>(
        ...["send", "0x00000000000000000000000000000000000000bb", "--key", keyFile, "--value", "3gwei", ...data],
      );
      expect(sent).toMatchObject({ succeeded: true, value: "3000000000", from: address.toLowerCase() });
      const status = await chain<{ chainId: string; head: object; finalized: object }>("status", ...data);
      expect(status).toMatchObject({ chainId: "31337", peers: "0", mempool: { pending: 0, queued: 0 } });
      expect(status.finalized).toEqual(status.head);
      const { stdout } = await koinon(["chain", "--help"]);
      for (const action of ["init", "status", "export", "import", "send", "faucet", "credit"])
        expect(stdout).toContain(action);
      expect(await refused(1, "send", address, "--key", keyFile, "--value", "1000", ...data)).toMatch(/insufficient/);
      await refused(2, "send", "0xAbcdefabcdefabcdefabcdefabcdefabcdefabcd", "--key", keyFile, "--value", "1", ...data);
      await refused(2, "send", address, "--key", keyFile, "--value", "a lot", ...data);
      await refused(2, "status", "--rpc", "http://127.0.0.1:1");
    });

    test("credit makes coin once for a request, also across a kill -9 of the chain", async () => {
      const data = ["--data", network().dataDir];
      const address = privateKeyToAddress(generatePrivateKey());
      const credit = async (...args: string[]) => {
        const { code, stdout, stderr } = await koinon(["chain", "credit", address, ...args, ...data, "--json"]);
        expect([code, stderr]).toEqual([0, expect.stringMatching(/^request \S+\n$/)]);
        return JSON.parse(stdout) as { requestId: string; index: string; block: { number: string } };
      };
      const once = ["--value", "2.5", "--request-id", "invoice-7"];
      const first = await credit(...once);
      await network().kill("chain");
      await network().recover();
      const { reader } = chainClients(network().shard as ReadyShard);
      await waitFor(() => reader.getChainId().catch(() => undefined), {
        ...{ deadlineMs: 60_000, what: "the chain answers" },
      });
      expect(await credit(...once)).toEqual(first);
      const block = await reader.getBlock({ blockNumber: BigInt(first.block.number) });
      expect(block.withdrawals).toMatchObject([{ address: address.toLowerCase(), amount: "0x9502f900" }]);
      expect(await reader.getBalance({ address })).toBe(2_500_000_000_000_000_000n);
      const other = await credit("--value", "1gwei");
      expect([other.requestId, BigInt(other.index)]).toEqual([expect.any(String), BigInt(first.index) + 1n]);
      expect(await reader.getBalance({ address })).toBe(2_500_000_001_000_000_000n);
      expect((await koinon(["chain", "credit", address, "--value", "3", ...data, ...once.slice(2)])).stderr).toMatch(
        /used for another address or amount/,
      );
      for (const value of ["0", "1wei", "20000000000"]) await refused(2, "credit", address, "--value", value, ...data);
      await refused(2, "credit", address, "--value", "1", "--data", folder());
    });

    test("what is exported is imported elsewhere as the same chain, and not into one that runs", async () => {
      const data = ["--data", network().dataDir];
      const file = path.join(folder(), "blocks.rlp");
      const { to, blocks } = await chain<{ to: string; blocks: string }>("export", file, ...data);
      const { head } = await chain<{ head: { number: string; hash: string } }>("status", ...data);
      expect([to, blocks]).toEqual([head.number, String(BigInt(head.number) + 1n)]);
      const genesis = path.join(network().dataDir, "chain", "genesis.json");
      const copy = ["--data", path.join(folder(), "copy"), "--genesis", genesis];
      const imported = await chain<{ imported: number; known: number; head: object }>("import", file, ...copy);
      expect(imported).toMatchObject({
        imported: Number(head.number),
        known: 1,
        head: { number: head.number, hash: head.hash },
      });
      expect(await refused(1, "import", file, ...data)).toMatch(/process \d+ works with .* already/);
      const state = path.join(network().dataDir, "chain", "state");
      expect(await refused(1, "import", file, "--data", state, "--genesis", genesis)).toMatch(/works with .* already/);
      const broken = path.join(folder(), "broken.rlp");
      writeFileSync(broken, readFileSync(file).subarray(0, statSync(file).size - 1));
      expect(await refused(2, "import", broken, ...copy)).toContain("does not hold blocks");
    });

    test("init makes a chain that 'koinon start chain' runs; the faucet leaves it alone", async () => {
      const key = generatePrivateKey();
      const keyFile = path.join(folder(), "rich");
      writeFileSync(keyFile, key);
      const genesis = path.join(folder(), "genesis.json");
      const rich = privateKeyToAddress(key);
      await chain("init", genesis, "--chain-id", "4711", "--fund", `${rich}=10`);
      expect(await refused(2, "init", genesis, "--chain-id", "4711")).toContain("there already");
      const port = await freePort();
      const child = await startChild({
        command: process.execPath,
        args: [
          koinonBin,
          "start",
          "chain",
          "--data",
          path.join(folder(), "own"),
          "--genesis",
          genesis,
          "--port",
          `${port}`,
        ],
        ready: /process ready/,
        deadlineMs: 60_000,
      });
      try {
        const rpc = ["--rpc", `http://127.0.0.1:${port}`];
        expect(await chain("status", ...rpc)).toMatchObject({ chainId: "4711", head: { number: "0" } });
        const sent = await chain("send", rich, "--key", keyFile, "--value", "1", ...rpc);
        expect(sent).toMatchObject({ succeeded: true, block: "1" });
        expect(await refused(1, "faucet", rich, ...rpc)).toContain("no development chain");
      } finally {
        await child.stop();
      }
    });

    test("'koinon start chain --engine' is a proposer that needs the other client", async () => {
      const genesis = path.join(folder(), "genesis.json");
      const jwt = path.join(folder(), "jwt");
      writeFileSync(jwt, "ab".repeat(32));
      const start = ["start", "chain", "--data", path.join(folder(), "none"), "--genesis", genesis];
      const nobody = `http://127.0.0.1:${await freePort()}`;
      const { code, stdout, stderr } = await koinon([...start, "--engine", nobody, "--jwt", jwt]);
      expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("ENGINE_UNREACHABLE")]);
      expect((await koinon([...start, "--engine", nobody])).code).toBe(2);
    });
  });
}
