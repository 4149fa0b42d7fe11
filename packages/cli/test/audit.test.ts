import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SampleProvider, sampleLog } from "@koinon/contributions/sample-work";
import { signCheckpoint } from "@koinon/tlog/checkpoint";
import { koinon, type Ran } from "./run-bin.ts";
import {
  adminKey,
  logFiles,
  logKey,
  origin,
  publishedView,
  type SampleNetwork,
  sampleEntries,
  startSampleNetwork,
} from "./sample-network.ts";

let network: SampleNetwork;
beforeEach(async () => {
  network = await startSampleNetwork();
});
afterEach(() => network.close());

const audit = (...args: string[]): Promise<Ran> => koinon(["audit", "--data", network.folder, ...args]);
const entries = sampleEntries(300);

async function problemOf(...args: string[]): Promise<string> {
  const { code, out } = await audit(...args, "--json");
  expect(code).toBe(1);
  return (JSON.parse(out) as { code: string }).code;
}

describe("koinon audit", () => {
  test("a sound log: figures from the log, compared with the published ones", async () => {
    network.publish(entries);
    network.routes.set("GET /v1/contributions", [200, publishedView(entries)]);
    const { code, out, err } = await audit();
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`${origin}: 304 entries, signed by the log`);
    expect(out).toContain("the network's own figures, of the first 304 entries, are the same");
    expect(out).toMatch(/\nProvider A +inference +0x[0-9a-f]{8}…[0-9a-f]{4} +150 +/);
    const json = JSON.parse((await audit("--json")).out) as { contributions: { receipts: number }[] };
    expect(json).toMatchObject({
      valid: true,
      tree_size: "304",
      compared_tree_size: "304",
      not_compared_because: null,
    });
    expect(json.contributions.map(({ receipts }) => receipts)).toEqual([150, 150]);
    expect(network.seen.find(({ path: route }) => route.startsWith("/v1/contributions"))?.authorization).toBe(
      `Bearer ${adminKey}`,
    );
    expect(
      network.seen
        .filter(({ path: route }) => route.startsWith("/log/"))
        .every(({ authorization }) => authorization === undefined),
    ).toBe(true);
  });

  test("an empty log, and one that nobody has a view of", async () => {
    network.publish([]);
    const { code, out } = await audit();
    expect(code).toBe(0);
    expect(out).toContain("nobody has contributed anything yet");
    expect(out).toContain("figures were not compared: There is no /v1/contributions");
  });

  test("a view of an earlier tree is compared where the tree had that size", async () => {
    network.publish(entries);
    network.routes.set("GET /v1/contributions", [200, publishedView(entries.slice(0, 100))]);
    expect(JSON.parse((await audit("--json")).out)).toMatchObject({ compared_tree_size: "100" });
  });

  test("a checkpoint that lags behind the view is waited for", async () => {
    network.publish(entries.slice(0, 50));
    network.routes.set("GET /v1/contributions", [200, publishedView(entries)]);
    let asked = 0;
    network.routes.set("GET /log/checkpoint", () => {
      if (++asked === 3) network.publish(entries);
      return [200, network.files.get("checkpoint") as Uint8Array];
    });
    expect(JSON.parse((await audit("--json")).out)).toMatchObject({ tree_size: "304", compared_tree_size: "304" });
  });

  test("published figures that the log does not bear out", async () => {
    network.publish(entries);
    const view = publishedView(entries) as { data: { fee: string }[] };
    (view.data[0] as { fee: string }).fee = "999999";
    network.routes.set("GET /v1/contributions", [200, view]);
    expect(await problemOf()).toBe("VIEW_WRONG");
    network.routes.set("GET /v1/contributions", [200, { ...view, data: [] }]);
    expect(await problemOf()).toBe("VIEW_WRONG");
  });

  test("a checkpoint of another log, by another key, or of another tree", async () => {
    network.publish(entries);
    const checkpoint = { origin, size: 304n, root: new Uint8Array(32), extensions: [] };
    const offer = (note: string): void => void network.files.set("checkpoint", new TextEncoder().encode(note));
    offer(signCheckpoint(checkpoint, logKey));
    expect(await problemOf()).toBe("ROOT_WRONG");
    offer(signCheckpoint({ ...checkpoint, origin: "other.example/log" }, logKey));
    expect(await problemOf()).toBe("LOG_UNKNOWN");
    const note = new TextDecoder().decode(logFiles(entries).get("checkpoint"));
    offer(note.replace("\n304\n", "\n303\n"));
    expect(await problemOf()).toBe("CHECKPOINT_NOT_SIGNED");
    offer("hello\n");
    expect(await problemOf()).toBe("CHECKPOINT_MALFORMED");
  });

  test("too few witnesses", async () => {
    network.publish(entries);
    const file = path.join(network.folder, "trust.json");
    const vkey = "witness0.example+7afe05e1+BH+j+VUl8k8c0bCP4ZfyjdODFiGwVHVrQxXjR96gOHdg";
    const { trust } = network;
    writeFileSync(
      file,
      JSON.stringify({
        format: "koinon.trust/1",
        chainId: trust.chainId.toString(),
        verifyingContract: trust.verifyingContract,
        logs: trust.logs,
        witnesses: { vkeys: [vkey], threshold: 1 },
        providers: trust.providers,
      }),
    );
    expect(await problemOf()).toBe("TOO_FEW_WITNESSES");
  });

  test("entries and tiles that are missing, changed or not the tree's", async () => {
    const change = async (file: string, content: Uint8Array | undefined): Promise<string> => {
      network.publish(entries);
      if (content === undefined) network.files.delete(file);
      else network.files.set(file, content);
      return problemOf();
    };
    const files = logFiles(entries);
    const flipped = (file: string, at: number): Uint8Array => (files.get(file) as Uint8Array).with(at, 0xee);
    expect(await change("tile/entries/000", undefined)).toBe("FILE_MISSING");
    expect(await change("tile/entries/001.p/48", undefined)).toBe("FILE_MISSING");
    expect(await change("tile/entries/000", flipped("tile/entries/000", 0))).toBe("FILE_MALFORMED");
    expect(await change("tile/0/000", flipped("tile/0/000", 100))).toBe("TILE_WRONG");
    expect(await change("tile/0/001.p/48", flipped("tile/0/001.p/48", 5))).toBe("TILE_WRONG");
    expect(await change("tile/1/000.p/1", undefined)).toBe("FILE_MISSING");
    // The bytes of an entry: the tree is built from them, so it is their leaf that no longer fits.
    expect(await change("tile/entries/000", flipped("tile/entries/000", 400))).toBe("TILE_WRONG");
  });

  test("an entry that is in the tree but breaks a rule", async () => {
    const wrong = [...entries.slice(0, 20), ...entries.slice(21)];
    network.publish(wrong);
    expect(await problemOf()).toBe("SESSION_BROKEN");
    network.publish([...entries, entries[40] as Uint8Array]);
    expect(await problemOf()).toBe("ENTRY_REPEATED");
    network.publish([Uint8Array.of(9)]);
    const { code, out } = await audit();
    expect([code, out]).toEqual([
      1,
      "INVALID: the entry at index 0 (counted from 0) does not belong in a log: it is no certificate, quote or receipt that can be read (ENTRY_MALFORMED)\n",
    ]);
  });

  test("is told in words: which entry, and what is wrong with it", async () => {
    const inWords = async (wrong: readonly Uint8Array[]): Promise<string> => {
      network.publish(wrong);
      return (await audit()).out;
    };
    expect(await inWords([...entries, entries[40] as Uint8Array])).toContain(
      "the entry at index 304 (counted from 0) does not belong in a log: it stands there already, at index 40 (ENTRY_REPEATED)",
    );
    expect(await inWords(entries.toSpliced(20, 1))).toMatch(
      /the entry at index 2\d \(counted from 0\) does not belong in a log: receipts of its session 0x\w{8}…\w{4} are missing before it \(SESSION_BROKEN\)/,
    );
    expect(await inWords(entries.slice(1))).toMatch(
      /the entry at index 0 \(counted from 0\) does not belong in a log: no entry before it certifies 0x\w{8}…\w{4}, which signed it \(KEY_NOT_LOGGED\)/,
    );
    const cheat = new SampleProvider("cheat");
    expect(await inWords(sampleLog([cheat.serve(0, { fee: 1n })]))).toContain(
      "the entry at index 2 (counted from 0) does not belong in a log: the receipt's fee does not follow from its units and its quote (FEE_WRONG) (RULE_BROKEN)",
    );
  });

  test("partial files that the log has dropped since are cut from the full ones", async () => {
    const grown = sampleEntries(600);
    network.publish(grown);
    const earlier = logFiles(grown.slice(0, 304));
    // What a log may drop are partial files whose full ones are there; the tile above has not been filled.
    for (const file of ["checkpoint", "tile/1/000.p/1"]) network.files.set(file, earlier.get(file) as Uint8Array);
    expect([network.files.has("tile/0/001.p/48"), network.files.has("tile/entries/001.p/48")]).toEqual([false, false]);
    expect(JSON.parse((await audit("--json")).out)).toMatchObject({ valid: true, tree_size: "304" });
  });

  test("--save keeps the files, and --log audits them without a network", async () => {
    network.publish(entries);
    const saved = path.join(network.folder, "saved");
    expect((await audit("--save", saved)).code).toBe(0);
    const trust = path.join(network.folder, "trust.json");
    const before = network.seen.length;
    const offline = await koinon(["audit", "--log", saved, "--trust", trust, "--json"]);
    expect([offline.code, network.seen.length]).toEqual([0, before]);
    expect(JSON.parse(offline.out)).toMatchObject({
      tree_size: "304",
      not_compared_because: "there is no gateway to ask",
    });
    rmSync(path.join(saved, "tile/entries/000"));
    expect((await koinon(["audit", "--log", saved, "--trust", trust])).code).toBe(1);
    const empty = await koinon(["audit", "--log", network.folder, "--trust", trust]);
    expect([empty.code, empty.err]).toEqual([2, expect.stringContaining("there is no log in")]);
  });

  test("an unreachable network: 2", async () => {
    const { code, err } = await koinon([
      "audit",
      "--url",
      "http://127.0.0.1:9",
      "--trust",
      path.join(network.folder, "trust.json"),
    ]);
    expect(code).toBe(2);
    expect(err).toContain("can not reach the gateway");
    expect((await audit()).code).toBe(2);
  });
});
