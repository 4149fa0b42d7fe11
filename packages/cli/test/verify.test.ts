import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { newGenesisText } from "@koinon/ethereum/new-genesis";
import type { Hex } from "@koinon/secp256k1/hex";
import { koinon, startKoinon } from "./run-bin.ts";

/** The vector that is checked in with the format. */
const vector = (name: string): string => fileURLToPath(new URL(`../../receipts/test/vectors/${name}`, import.meta.url));
const [bundle, trust, request, response] = ["bundle.json", "trust.json", "request.body", "response.body"].map(
  vector,
) as [string, string, string, string];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "koinon-verify-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

function tampered(name: string, from: string, to: string): string {
  const text = readFileSync(bundle, "utf8");
  expect(text).toContain(from);
  return write(name, text.replace(from, to));
}

describe("koinon verify", () => {
  test("a valid bundle: 0, and says what was not checked", async () => {
    const { code, out, err } = await koinon(["verify", bundle, "--trust", trust]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^VALID: receipt 0x[0-9a-f]{64}; request and response not given, so they were not checked\n/);
    expect(out).toContain("✓ inclusion");
    expect(out).toContain("– request-bytes");
    expect(out).toMatch(/relying on\n {2}provider Atlas: 0x/);
  });

  test("with the bytes served: 0, and says that they are", async () => {
    const { code, out } = await koinon([
      "verify",
      bundle,
      "--trust",
      trust,
      "--request",
      request,
      "--response",
      response,
    ]);
    expect(code).toBe(0);
    expect(out).toContain("request and response are the ones served");
    const half = await koinon(["verify", bundle, "--trust", trust, "--response", response]);
    expect(half.out).toContain("request not given, so it was not checked");
  });

  test("with other bytes: 1, naming the step", async () => {
    const { code, out } = await koinon(["verify", bundle, "--trust", trust, "--response", request]);
    expect(code).toBe(1);
    expect(out).toMatch(/^INVALID: response-bytes\n/);
  });

  test("tampered: 1, naming the steps", async () => {
    const fee = await koinon(["verify", tampered("fee.json", '"fee": "84"', '"fee": "83"'), "--trust", trust]);
    expect([fee.code, fee.out.split("\n")[0]]).toEqual([1, "INVALID: fee, receipt-signature, inclusion"]);
    const member = await koinon(["verify", tampered("member.json", '"fee"', '"Fee"'), "--trust", trust]);
    expect([member.code, member.out.split("\n")[0]]).toEqual([1, "INVALID: format"]);
  });

  test("--json prints the verdict, the steps and the anchors", async () => {
    const good = JSON.parse((await koinon(["verify", bundle, "--trust", trust, "--json"])).out) as {
      anchors: { kind: string }[];
    };
    expect(good).toMatchObject({ valid: true, textChecked: false, failed: [] });
    expect(good.anchors.map(({ kind }) => kind)).toEqual(["provider", "network", "log", "witness", "witness"]);
    const bad = await koinon([
      "verify",
      tampered("version.json", '"version": "3"', '"version": "4"'),
      "--trust",
      trust,
      "--json",
    ]);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({ valid: false, failed: ["quote"] });
  });

  test("takes trust.json of a data folder: an option, the environment, or ./data", async () => {
    const data = path.join(folder, "data");
    mkdirSync(data);
    writeFileSync(path.join(data, "trust.json"), readFileSync(trust));
    expect((await koinon(["verify", bundle, "--data", data])).code).toBe(0);
    expect((await koinon(["verify", bundle], { KOINON_DATA: data })).code).toBe(0);
    expect((await koinon(["verify", bundle], {}, folder)).code).toBe(0);
  });

  test("anchored to a chain: in a block of the trust file, or in one that the caller knows", async () => {
    const [anchored, anchorTrust] = [vector("anchored-bundle.json"), vector("anchored-trust.json")];
    const { code, out } = await koinon(["verify", anchored, "--trust", anchorTrust]);
    expect([code, out]).toEqual([0, expect.stringMatching(/✓ anchor .*It was anchored by block 7 of chain 31338/)]);
    const block = /chain 31338\/0x[0-9a-f]{40}\/(0x[0-9a-f]{64})/.exec(out)?.[1] ?? "";
    const text = readFileSync(anchorTrust, "utf8");
    const blind = write("blind.json", text.replace(block, `0x${"00".repeat(32)}`));
    expect((await koinon(["verify", anchored, "--trust", blind])).code).toBe(1);
    expect((await koinon(["verify", anchored, "--trust", blind, "--block", block])).code).toBe(0);
    const plain = await koinon(["verify", bundle, "--trust", trust]);
    expect(plain.out).toContain("– anchor");
    // Whoever names a block asks for an anchor.
    const { anchoring } = JSON.parse(text) as { anchoring: object };
    const plainTrust = JSON.parse(readFileSync(trust, "utf8")) as object;
    const both = write("both.json", JSON.stringify({ ...plainTrust, format: "koinon.trust/2", anchoring }));
    expect((await koinon(["verify", bundle, "--trust", both])).code).toBe(0);
    expect((await koinon(["verify", bundle, "--trust", both, "--block", block])).out).toMatch(/^INVALID: anchor\n/);
  });

  describe("anchored to the chain of the data folder", () => {
    let server: Server | undefined;
    afterEach(() => void server?.close());
    const mixHash = `0x${"5a".repeat(32)}`;

    /** A data folder with a trust file that names no block, and a node that says this of the anchor's block. */
    async function folderWith(node: { readonly mixHash: string; readonly finalized: string; readonly knows: boolean }) {
      const data = mkdtempSync(path.join(folder, "data-"));
      const text = readFileSync(vector("anchored-trust.json"), "utf8");
      const { anchoring, ...rest } = JSON.parse(text) as { anchoring: { chains: { blocks: string[] }[] } };
      const block = anchoring.chains[0]?.blocks.at(-1);
      const chains = anchoring.chains.map((chain) => ({ ...chain, blocks: [] }));
      writeFileSync(path.join(data, "trust.json"), JSON.stringify({ ...rest, anchoring: { ...anchoring, chains } }));
      mkdirSync(path.join(data, "chain"));
      const prevRandao: Hex = `0x${"5a".repeat(32)}`;
      const chain = { chainId: 31_338n, gasLimit: 30_000_000n, timestamp: 1n, balances: new Map(), prevRandao };
      writeFileSync(path.join(data, "chain", "genesis.json"), newGenesisText(chain));
      const answers: Record<string, object | null> = {
        "0x0": { mixHash: node.mixHash },
        finalized: { number: node.finalized },
        "0x9": node.knows ? { number: "0x9", hash: block } : { number: "0x9", hash: mixHash },
        [block ?? ""]: { number: "0x9", hash: block },
      };
      server = createServer((request, response) => {
        request.on("data", (body: Buffer) => {
          const { params } = JSON.parse(body.toString()) as { params: [string] };
          response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: answers[params[0]] ?? null }));
        });
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const rpc = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      writeFileSync(path.join(data, "network.json"), JSON.stringify({ rpc }));
      return { data, rpc };
    }
    const verify = (data: string) => koinon(["verify", vector("anchored-bundle.json"), "--data", data]);

    test("in a block that it has finalized: valid, on its word", async () => {
      const { data, rpc } = await folderWith({ mixHash, finalized: "0x9", knows: true });
      const { code, out } = await verify(data);
      expect([code, out]).toEqual([0, expect.stringContaining(`the chain at ${rpc}, which has finalized block 9, 0x`)]);
    });

    test.each([
      ["not finalized yet", { mixHash, finalized: "0x8", knows: true }, "has finalized no block"],
      ["undone by another", { mixHash, finalized: "0x9", knows: false }, "has finalized no block"],
      ["known to another folder's chain only", { mixHash: "0x00", finalized: "0x9", knows: true }, "nobody for block"],
    ])("in a block %s: invalid, and says whom it asked", async (_what, node, told) => {
      const { code, out } = await verify((await folderWith(node)).data);
      expect([code, out.split("\n")[0], out]).toEqual([1, "INVALID: anchor", expect.stringContaining(told)]);
    });
  });

  test("what can not be read: 2, with a reason and nothing on standard output", async () => {
    const cases: readonly [args: string[], reason: string][] = [
      [[path.join(folder, "absent.json"), "--trust", trust], "there is no such file"],
      [[folder, "--trust", trust], "it is a folder"],
      // The first that was named is the first to be missed.
      [[path.join(folder, "absent.json")], "can not read the bundle"],
      [[path.join(folder, "absent.json"), "--trust", path.join(folder, "absent-too.json")], "can not read the bundle"],
      [[bundle, "--trust", path.join(folder, "absent.json")], "can not read the trust file"],
      [[bundle, "--trust", bundle], "is not a trust file"],
      [[bundle, "--data", folder], "can not read the trust file"],
      [[bundle, "--trust", trust, "--request", path.join(folder, "absent")], "can not read the request"],
      [[bundle, "--trust", trust, "--data", folder], "exclude each other"],
      [[bundle, bundle, "--trust", trust], "exactly one bundle"],
      [["--trust", trust], "exactly one bundle"],
      [[bundle, "--trust"], "usage: koinon verify FILE"],
      [[bundle, "--trust", trust, "--block", "0x12"], "is no block hash"],
      [[bundle, "--trust", trust, "--block", `0x${"12".repeat(32)}`], "names a chain"],
      [[bundle, "--insecure"], "usage: koinon verify FILE"],
    ];
    for (const [args, reason] of cases) {
      const { code, out, err } = await koinon(["verify", ...args]);
      expect([args, code, out]).toEqual([args, 2, ""]);
      expect(err).toContain(reason);
      expect(err).not.toContain("    at ");
    }
  });

  test("a file that is no bundle at all: 2", async () => {
    for (const content of ["", "not JSON", Uint8Array.of(0xff, 0xfe)]) {
      const { code, out, err } = await koinon(["verify", write("garbage", content), "--trust", trust]);
      expect([code, out.split("\n")[0]]).toEqual([2, "INVALID: format"]);
      expect(err).toContain("is not JSON");
    }
    expect((await koinon(["verify", write("other.json", "{}"), "--trust", trust])).code).toBe(1);
  });

  test("needs no network: it runs where every connection is refused", async () => {
    const { code } = await koinon(["verify", bundle, "--trust", trust], {
      KOINON_URL: "http://127.0.0.1:9",
      HTTP_PROXY: "http://127.0.0.1:9",
    });
    expect(code).toBe(0);
  });
});

describe("koinon", () => {
  test("lists its commands, and every one has a help", async () => {
    const { code, out } = await koinon(["--help"]);
    expect(code).toBe(0);
    for (const name of ["verify", "audit", "trace", "receipts", "budget", "key", "witness"]) {
      expect(out).toContain(`  ${name}`);
      const help = await koinon([name, "--help"]);
      expect([help.code, help.out.split("\n")[0]]).toEqual([0, expect.stringContaining(`usage: koinon ${name}`)]);
      expect(help.out).toContain("--json");
    }
  });

  test("an unknown command, or none: 2", async () => {
    expect(await koinon(["constructor"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("no command 'constructor'"),
    });
    expect((await koinon([])).code).toBe(2);
  });

  test("a reader that leaves early is no failure", async () => {
    const running = startKoinon(["verify", bundle, "--trust", trust]);
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 0, err: "" });
  });

  test("a setting that makes no sense is named", async () => {
    const { code, err } = await koinon(["budget"], { KOINON_URL: "nowhere" });
    expect(code).toBe(2);
    expect(err).toContain("KOINON_URL");
  });
});
