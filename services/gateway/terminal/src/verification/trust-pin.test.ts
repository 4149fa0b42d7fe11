import { describe, expect, test } from "@jest/globals";
import { memoryTextStorage } from "../storage/text-storage.ts";
import { trustDifference } from "./trust-difference.ts";
import type { TrustSummary } from "./trust-file.ts";
import { TrustPin } from "./trust-pin.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Here a trust file is one word: the name of its only provider. */
function summaryOf(word: string): TrustSummary {
  const providers = [{ root: `0x${word}`, name: word }];
  return {
    fingerprint: `0x${word}`,
    network: "chain 1",
    logs: [],
    witnesses: [],
    threshold: 0,
    providers,
    chains: [],
    anchorRequired: false,
  };
}

function setUp(storage = memoryTextStorage()) {
  const published = { text: "atlas" };
  const pin = new TrustPin({
    storage,
    fetchTrustFile: async () => {
      if (published.text === "") throw new Error("unreachable");
      return bytesOf(published.text);
    },
    readTrust: async (bytes) => {
      const text = new TextDecoder().decode(bytes).trim();
      if (text.startsWith("{")) throw new Error("no trust file");
      return summaryOf(text);
    },
    now: () => 7,
  });
  return { pin, published, storage, signal: new AbortController().signal };
}

describe("trust pin", () => {
  test("the first file seen counts, and stays after a reload", async () => {
    const { pin, storage, signal } = setUp();
    await pin.refresh(signal);
    expect(pin.state.get().pinned).toMatchObject({
      origin: "first-sight",
      pinnedAt: 7,
      summary: { fingerprint: "0xatlas" },
    });
    const later = setUp(storage);
    later.published.text = "";
    await later.pin.refresh(signal);
    expect(later.pin.state.get().pinned?.summary.fingerprint).toBe("0xatlas");
  });

  test("another file is offered, never taken by itself", async () => {
    const { pin, published, storage, signal } = setUp();
    await pin.refresh(signal);
    published.text = "borealis";
    await pin.refresh(signal);
    expect(pin.state.get().pinned?.summary.fingerprint).toBe("0xatlas");
    expect(pin.state.get().offered?.summary.fingerprint).toBe("0xborealis");
    const later = setUp(storage);
    later.published.text = "borealis";
    await later.pin.refresh(signal);
    expect(later.pin.state.get().pinned?.summary.fingerprint).toBe("0xatlas");
    later.pin.accept();
    expect(later.pin.state.get()).toMatchObject({
      pinned: { origin: "accepted", summary: { fingerprint: "0xborealis" } },
      offered: null,
    });
  });

  test("white space is no change, and a withdrawn change is no longer offered", async () => {
    const { pin, published, signal } = setUp();
    await pin.refresh(signal);
    published.text = " atlas \n";
    await pin.refresh(signal);
    expect(pin.state.get().offered).toBeNull();
    published.text = "borealis";
    await pin.refresh(signal);
    published.text = "atlas";
    await pin.refresh(signal);
    expect(pin.state.get().offered).toBeNull();
  });

  test("an imported file counts, and the published one is then what differs", async () => {
    const { pin, signal } = setUp();
    await pin.refresh(signal);
    await pin.import(bytesOf("calliope"));
    expect(pin.state.get()).toMatchObject({
      pinned: { origin: "imported" },
      offered: { summary: { fingerprint: "0xatlas" } },
    });
    await expect(pin.import(bytesOf("{}"))).rejects.toThrow("no trust file");
    expect(pin.state.get().pinned?.summary.fingerprint).toBe("0xcalliope");
  });

  test("without any file there is a problem, not a pin", async () => {
    const { pin, published, signal } = setUp();
    published.text = "";
    await pin.refresh(signal);
    expect(pin.state.get()).toEqual({ pinned: null, offered: null, problem: "unreachable" });
    published.text = "atlas";
    await pin.refresh(signal);
    expect(pin.state.get()).toMatchObject({ pinned: { origin: "first-sight" }, problem: null });
  });

  test("differences are named", () => {
    const before = { ...summaryOf("atlas"), witnesses: ["w1"], logs: [{ origin: "l", vkey: "k1" }] };
    const after = {
      ...summaryOf("borealis"),
      network: "chain 2",
      threshold: 1,
      witnesses: ["w1", "w2"],
      logs: [{ origin: "l", vkey: "k2" }],
      chains: ["c"],
      anchorRequired: true,
    };
    expect(trustDifference(before, before)).toEqual([]);
    expect(trustDifference(before, after)).toEqual([
      { change: "changed", what: "network", text: "chain 1 → chain 2" },
      { change: "removed", what: "log", text: "l (k1)" },
      { change: "added", what: "log", text: "l (k2)" },
      { change: "added", what: "witness", text: "w2" },
      { change: "removed", what: "provider", text: "atlas (0xatlas)" },
      { change: "added", what: "provider", text: "borealis (0xborealis)" },
      { change: "changed", what: "threshold", text: "0 → 1 witnesses needed" },
      { change: "added", what: "chain", text: "c" },
      { change: "changed", what: "anchoring", text: "anchors are asked for" },
    ]);
  });
});
