import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { createPublicClient, http, keccak256 } from "viem";
import type { AnchorChain } from "../network/anchor-chain.ts";
import { chat, tryBundle } from "../network/client.ts";
import { koinon } from "../network/koinon-command.ts";
import type { Network } from "../network/network.ts";

interface AnchoredBundle {
  readonly format: string;
  readonly anchor: { readonly headers: readonly `0x${string}`[] };
}

/** From a paid answer to an offline verdict against nothing but a block of a chain that the reader knows. */
export function anchors(network: () => Network, chain: () => AnchorChain): void {
  describe("a checkpoint that is anchored to our own chain", () => {
    let folder: string;
    let trustFile: string;
    let bundle: Buffer;
    let requestId: string;
    const reader = () => createPublicClient({ transport: http(chain().rpc) });
    const file = (name: string, content: Uint8Array | string) => {
      writeFileSync(path.join(folder, name), content);
      return path.join(folder, name);
    };
    const verify = async (bundleFile: string, ...blocks: readonly string[]) => {
      const known = blocks.flatMap((block) => ["--block", block]);
      const { code, stdout } = await koinon(["verify", bundleFile, "--trust", trustFile, ...known]);
      return { code, verdict: stdout.split("\n")[0]?.split(":")[0], told: stdout };
    };

    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), "koinon-anchors-"));
      trustFile = file("trust.json", chain().trustWithChain(readFileSync(network().trustFile)));
      requestId = (await chat(network(), "say 5")).headers["x-request-id"] as string;
      // The first anchor also registers the log's origin.
      const found = await waitFor(async () => await tryBundle(network(), requestId, "?anchor=any"), {
        ...{ deadlineMs: 60_000, intervalMs: 200, what: "an anchored bundle" },
      });
      bundle = found;
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("verifies offline against a block that the chain has", async () => {
      const { format, anchor } = JSON.parse(bundle.toString("utf8")) as AnchoredBundle;
      expect(format).toBe("koinon.bundle/2");
      const hash = keccak256(anchor.headers[0] ?? "0x");
      const block = await reader().getBlock({ blockHash: hash });
      const { code, told } = await verify(file("anchored.json", bundle), hash);
      expect(code).toBe(0);
      expect(told).toContain(`It was anchored by block ${block.number} of chain ${chain().chainId}`);
      expect(told).toContain(`${chain().chainId}/${chain().registry}/${hash}`);
    });

    test("and, asked for, against a later block", async () => {
      const { hash } = await reader().getBlock();
      const later = await tryBundle(network(), requestId, `?anchor=${hash}`);
      expect(await verify(file("later.json", later ?? ""), hash)).toMatchObject({ code: 0, verdict: "VALID" });
    });

    test("and the next answer's too, after poi was killed", async () => {
      await network().kill("poi");
      await network().recover();
      const next = (await chat(network(), "say 6")).headers["x-request-id"] as string;
      const anchored = await waitFor(async () => await tryBundle(network(), next, "?anchor=any"), {
        ...{ deadlineMs: 60_000, intervalMs: 200, what: "an anchored bundle" },
      });
      const { anchor } = JSON.parse(anchored.toString("utf8")) as AnchoredBundle;
      const hash = keccak256(anchor.headers[0] ?? "0x");
      expect(await verify(file("next.json", anchored), hash)).toMatchObject({ code: 0, verdict: "VALID" });
    });

    test("and against no other", async () => {
      const { hash } = await reader().getBlock({ blockNumber: 0n });
      const anchored = file("anchored.json", bundle);
      expect(await verify(anchored, hash)).toMatchObject({ code: 1, verdict: "INVALID" });
      expect(await verify(anchored)).toMatchObject({ code: 1 });
      const plain = file("plain.json", (await tryBundle(network(), requestId, "?anchor=none")) ?? "");
      expect(await verify(plain)).toMatchObject({ code: 0 });
      expect(await verify(plain, hash)).toMatchObject({ code: 1 });
    });
  });
}
