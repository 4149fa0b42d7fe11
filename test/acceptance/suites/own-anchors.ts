import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { createPublicClient, http, keccak256 } from "viem";
import type { AllInOne } from "../network/all-in-one.ts";
import { chat, tryBundle } from "../network/client.ts";
import { koinon, koinonOffline } from "../network/koinon-command.ts";

interface Bundle {
  readonly format: string;
  readonly anchor?: { readonly headers: readonly `0x${string}`[] };
}

const registry = "0x4b4f494e4f4e0000000000000000000000000001";

/** A network on one machine anchors its log to its own development shard. Run last: it leaves the network without its chain. */
export function ownAnchors(network: () => AllInOne, folder: () => string): void {
  describe("a network's log, anchored to its own shard", () => {
    const reader = () => createPublicClient({ transport: http(network().shard?.rpc) });
    const verify = async (...args: readonly string[]) => {
      const { code, stdout } = await koinon(["verify", bundleFile(), ...args]);
      return { code, told: stdout };
    };
    const bundleFile = () => path.join(folder(), "own-anchor.json");
    let requestId: string;
    let trust: string;
    let block: `0x${string}`;

    test("is named in the trust file, with no block", () => {
      trust = readFileSync(network().trustFile, "utf8");
      const chain = { chainId: "31337", registry, blocks: [] };
      expect(JSON.parse(trust)).toMatchObject({
        format: "koinon.trust/2",
        anchoring: { chains: [chain], required: false },
      });
    });

    test("an answer's bundle is soon anchored, and its block is one that the chain has finalized", async () => {
      requestId = (await chat(network(), "say 3")).headers["x-request-id"] as string;
      const bytes = await waitFor(
        async () => {
          const found = await tryBundle(network(), requestId, "?anchor=available");
          return found !== undefined && bundleOf(found).anchor !== undefined ? found : undefined;
        },
        { deadlineMs: 60_000, intervalMs: 200, what: "an anchored bundle" },
      );
      writeFileSync(bundleFile(), bytes);
      block = keccak256(bundleOf(bytes).anchor?.headers[0] ?? "0x");
      const { number } = await reader().getBlock({ blockHash: block });
      const { code, told } = await verify("--data", network().dataDir);
      expect([code, told]).toEqual([0, expect.stringContaining(`It was anchored by block ${number} of chain 31337`)]);
      expect(told).toContain(`the chain at ${network().shard?.rpc}, which has finalized block ${number}, ${block}`);
    });

    test("who has the trust file alone gets a bundle without, and is told that this one names a stranger's block", async () => {
      const plain = path.join(folder(), "own-plain.json");
      writeFileSync(plain, (await tryBundle(network(), requestId)) ?? "");
      expect((await koinonOffline(["verify", plain, "--trust", network().trustFile])).code).toBe(0);
      expect((await koinonOffline(["verify", plain, "--data", network().dataDir])).code).toBe(0);
      const { code, told } = await verify("--trust", network().trustFile);
      expect([code, told]).toEqual([1, expect.stringMatching(/^INVALID: anchor\n/)]);
      expect((await verify("--trust", network().trustFile, "--block", block)).code).toBe(0);
    });

    test("a block that the chain has not is not believed", async () => {
      const bundle = bundleOf(readFileSync(bundleFile()));
      const [header = "0x"] = bundle.anchor?.headers ?? [];
      const other = path.join(folder(), "other-block.json");
      const changed = `${header.slice(0, -1)}${header.endsWith("0") ? "1" : "0"}` as const;
      writeFileSync(other, JSON.stringify({ ...bundle, anchor: { ...bundle.anchor, headers: [changed] } }));
      const { code, stdout } = await koinon(["verify", other, "--data", network().dataDir]);
      expect([code, stdout]).toEqual([1, expect.stringContaining("which has finalized no block")]);
    });

    test("a restart changes neither trust file nor chain, and anchors nothing twice", async () => {
      const before = await reader().getBlockNumber();
      await network().restart();
      const next = (await chat(network(), "say 4")).headers["x-request-id"] as string;
      await waitFor(async () => await tryBundle(network(), next, "?anchor=any"), {
        ...{ deadlineMs: 60_000, intervalMs: 200, what: "the next anchored bundle" },
      });
      expect(await reader().getBlockNumber()).toBe(before + 1n);
      expect(readFileSync(network().trustFile, "utf8")).toBe(trust);
    }, 90_000);

    test("without the chain the network serves on, and the folder's own database is asked instead", async () => {
      await network().restart(["--no-chain"]);
      expect(readFileSync(network().trustFile, "utf8")).toBe(trust);
      const { code, told } = await verify("--data", network().dataDir);
      expect([code, told]).toEqual([0, expect.stringContaining(path.join(network().dataDir, "chain", "state"))]);
      const later = (await chat(network(), "say 5")).headers["x-request-id"] as string;
      const plain = await waitFor(async () => await tryBundle(network(), later, "?anchor=available"), {
        ...{ deadlineMs: 60_000, intervalMs: 200, what: "a bundle" },
      });
      expect(bundleOf(plain).format).toBe("koinon.bundle/1");
    });
  });
}

function bundleOf(bytes: Uint8Array): Bundle {
  return JSON.parse(new TextDecoder().decode(bytes)) as Bundle;
}
