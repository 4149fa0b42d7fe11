import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Block, encodeBlock } from "@koinon/ethereum/block";
import { blockHash } from "@koinon/ethereum/block-header";
import { genesisHeader, parseGenesis } from "@koinon/ethereum/genesis";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { coinInWords, parseCoin } from "../src/chain/amounts.ts";
import type { Terminal } from "../src/command.ts";
import { runKoinon } from "../src/run.ts";

const address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
const root: Hex = `0x${"11".repeat(32)}`;

async function koinon(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    env: {},
    clock: { now: () => 1_800_000_000_000 },
    random: { bytes: (count) => new Uint8Array(count) },
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    interrupted: () => AbortSignal.timeout(20_000),
  };
  return { code: await runKoinon(["chain", ...args], terminal), out: out.join("\n"), err: err.join("\n") };
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "koinon-chain-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("amounts of coin", () => {
  test.each([
    ["1", 10n ** 18n],
    ["0.000000000000000001", 1n],
    ["1.5", 15n * 10n ** 17n],
    ["3gwei", 3n * 10n ** 9n],
    ["0.5gwei", 5n * 10n ** 8n],
    ["7wei", 7n],
    ["0", 0n],
  ])("%s is %s wei", (text, wei) => {
    expect(parseCoin(text, "--value")).toBe(wei);
  });

  test.each(["", "-1", "1.", ".5", "1e18", "0.5wei", "0.0000000000000000001", "1 ether", "0x1"])(
    "%s is none",
    (text) => {
      expect(() => parseCoin(text, "--value")).toThrow("not an amount");
    },
  );

  test.each([0n, 1n, 10n ** 18n, 15n * 10n ** 17n, 123_456_789n * 10n ** 10n + 1n])("%s wei are read back", (wei) => {
    expect(parseCoin(coinInWords(wei), "--value")).toBe(wei);
  });
});

describe("init", () => {
  test("writes a genesis file that is read back", async () => {
    const file = path.join(folder, "genesis.json");
    const funds = ["--fund", `${address}=2.5`, "--fund", `0x${"00".repeat(19)}aa=1wei`];
    const { code, out } = await koinon(
      "init",
      file,
      "--chain-id",
      "4711",
      "--gas-limit",
      "30000000",
      ...funds,
      "--json",
    );
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { file, chainId: "4711", gasLimit: "30000000", timestamp: "1800000000", funded: 2 },
    ]);
    const { config, header, alloc } = parseGenesis(readFileSync(file, "utf8"));
    expect([config.chainId, header.gasLimit, header.timestamp]).toEqual([4_711n, 30_000_000n, 1_800_000_000n]);
    expect(alloc.get(address)?.balance).toBe(25n * 10n ** 17n);
  });

  test.each([
    ["no file", []],
    ["no chain id", ["FILE"]],
    ["chain id 0", ["FILE", "--chain-id", "0"]],
    ["a chain id that JSON does not hold exactly", ["FILE", "--chain-id", "9007199254740993"]],
    ["a gas limit below the least", ["FILE", "--chain-id", "1", "--gas-limit", "4999"]],
    ["an address that is too short", ["FILE", "--chain-id", "1", "--fund", "0xaa=1"]],
    ["an address mistyped", ["FILE", "--chain-id", "1", "--fund", "0xF39fd6e51aad88F6F4ce6aB8827279cffFb92266=1"]],
    ["an address twice", ["FILE", "--chain-id", "1", "--fund", `${address}=1`, "--fund", `${address}=2`]],
    ["no amount", ["FILE", "--chain-id", "1", "--fund", address]],
  ])("refuses %s and writes nothing", async (_what, args) => {
    const file = path.join(folder, "refused.json");
    const { code } = await koinon("init", ...args.map((arg) => (arg === "FILE" ? file : arg)));
    expect([code, readdirSync(folder).includes("refused.json")]).toEqual([2, false]);
  });
});

describe("export", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** A node that answers with these blocks, whatever they are. */
  async function nodeWith(blocks: readonly Block[]): Promise<string> {
    server = createServer((request, response) => {
      request.on("data", (body: Buffer) => {
        const { id, method, params } = JSON.parse(body.toString()) as { id: number; method: string; params: string[] };
        const block = blocks[Number(params[0])];
        const result =
          method === "eth_blockNumber"
            ? `0x${(blocks.length - 1).toString(16)}`
            : block && bytesToHex(encodeBlock(block));
        response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Empty blocks, each the child of the one before. */
  function chainOf(count: number): Block[] {
    const text = readFileSync(path.join(folder, "genesis.json"), "utf8");
    const blocks: Block[] = [{ header: genesisHeader(parseGenesis(text), root), transactions: [], withdrawals: [] }];
    for (let number = 1; number < count; number += 1) {
      const { header } = blocks.at(-1) as Block;
      const next = {
        ...header,
        number: BigInt(number),
        parentHash: blockHash(header),
        timestamp: header.timestamp + 1n,
      };
      blocks.push({ header: next, transactions: [], withdrawals: [] });
    }
    return blocks;
  }

  test("writes the blocks one after the other", async () => {
    const blocks = chainOf(11);
    const rpc = await nodeWith(blocks);
    const file = path.join(folder, "blocks.rlp");
    const { code, out } = await koinon("export", file, "--from", "2", "--to", "9", "--rpc", rpc, "--json");
    expect([code, JSON.parse(out)]).toMatchObject([0, { from: "2", to: "9", blocks: "8" }]);
    expect(readFileSync(file)).toEqual(Buffer.concat(blocks.slice(2, 10).map(encodeBlock)));
    expect((await koinon("export", file, "--from", "9", "--to", "11", "--rpc", rpc)).code).toBe(2);
  });

  test("believes no node, and leaves no file behind", async () => {
    const honest = chainOf(7);
    const [sixth] = honest.slice(5);
    const header = (sixth as Block).header;
    const foreign = new Uint8Array([0x02, 0x01]);
    const lies: Record<string, Block> = {
      "another parent": { ...(sixth as Block), header: { ...header, parentHash: root } },
      "another number": { ...(sixth as Block), header: { ...header, number: 6n } },
      "a transaction too many": { ...(sixth as Block), transactions: [foreign] },
    };
    for (const [name, lie] of Object.entries(lies)) {
      const rpc = await nodeWith(honest.with(5, lie));
      const file = path.join(folder, "lie.rlp");
      const { code, err } = await koinon("export", file, "--rpc", rpc);
      expect([name, code, err]).toEqual([name, 2, expect.stringContaining("block 5")]);
      expect(readdirSync(folder).filter((entry) => entry.startsWith("lie"))).toEqual([]);
      server?.close();
    }
  });
});

test("what makes no sense is said", async () => {
  writeFileSync(path.join(folder, "not-a-key"), "secret");
  const rpc = ["--rpc", "http://127.0.0.1:1"];
  for (const args of [
    [],
    ["fly"],
    ["status", "--rpc", "nowhere"],
    ["status", "--data", folder],
    ["send", address],
    ["send", address, "--key", path.join(folder, "not-a-key"), "--value", "1", ...rpc],
    ["send", address, "--key", path.join(folder, "no-file"), "--value", "1", ...rpc],
    ["faucet", ...rpc],
    ["import", path.join(folder, "no-file"), "--data", folder],
  ]) {
    expect([args, (await koinon(...args)).code]).toEqual([args, 2]);
  }
});
