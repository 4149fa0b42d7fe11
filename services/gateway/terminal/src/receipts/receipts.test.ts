import { describe, expect, test } from "@jest/globals";
import type { Settlement } from "../gateway/settlements.ts";
import { sortGivenFiles } from "./dropped-files.ts";
import { everyReceipt, filterReceipts, placeOf } from "./receipt-filter.ts";

const settlement = (change: Partial<Settlement>): Settlement => ({
  requestId: "req_00",
  receiptId: "0xaa",
  state: "settled",
  voidReason: null,
  model: "smollm2",
  manifest: "0xcc",
  endpoint: "/v1/chat/completions",
  provider: "0xbb",
  providerName: "Atlas",
  reserved: 9n,
  fee: 5n,
  inputUnits: 1,
  outputUnits: 1,
  outcome: "complete",
  relayed: true,
  reservedAt: 0,
  startedAt: 0,
  finishedAt: 0,
  logIndex: 7,
  attempts: [],
  ...change,
});

describe("receipts", () => {
  const logged = settlement({ requestId: "req_01" });
  const waiting = settlement({ requestId: "req_02", logIndex: null, providerName: "Borealis" });
  const reserved = settlement({ requestId: "req_03", state: "reserved", receiptId: null, logIndex: null });
  const voided = settlement({ requestId: "req_04", state: "voided", receiptId: null, logIndex: null, model: "qwen" });
  const all = [logged, waiting, reserved, voided];

  test("each is in one place", () => expect(all.map(placeOf)).toEqual(["logged", "waiting", "reserved", "voided"]));

  test.each([
    [everyReceipt, all],
    [{ state: "logged", text: "" }, [logged]],
    [{ state: "waiting", text: "" }, [waiting, reserved]],
    [{ state: "voided", text: "" }, [voided]],
    [{ state: "all", text: " BOREAL " }, [waiting]],
    [{ state: "all", text: "qwen" }, [voided]],
    [{ state: "all", text: "req_03" }, [reserved]],
    [{ state: "all", text: "0xbb" }, all],
    [{ state: "logged", text: "qwen" }, []],
  ] as const)("%p shows %#", (filter, expected) => expect(filterReceipts(all, filter)).toEqual(expected));
});

describe("files that were dropped", () => {
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  const bundle = { name: "x.json", bytes: bytes('{ "receipt": {}, "format" : "koinon.bundle/1" }') };
  const request = { name: "my-request.json", bytes: bytes("{}") };
  const response = { name: "response.bin", bytes: bytes("data: [DONE]") };

  test("are told apart in any order", () => {
    const proof = { bundle: bundle.bytes, request: request.bytes, response: response.bytes };
    expect(sortGivenFiles([response, bundle, request])).toEqual(proof);
    expect(sortGivenFiles([bundle])).toEqual({ ...proof, request: null, response: null });
  });

  test("a single file is taken for a bundle, so that its verification says what is wrong with it", () => {
    expect(sortGivenFiles([request])?.bundle).toBe(request.bytes);
    expect(sortGivenFiles([request, response])).toBeNull();
    expect(sortGivenFiles([])).toBeNull();
  });
});
