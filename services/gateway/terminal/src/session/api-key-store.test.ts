import { describe, expect, test } from "@jest/globals";
import { memoryTextStorage } from "../storage/text-storage.ts";
import { createApiKeyStore, maskKey, takeKeyFromAddress } from "./api-key-store.ts";

const key = "sk-koinon-0123456789abcdef-XYZ";

describe("api key", () => {
  test.each([
    [`http://127.0.0.1:1/#key=${key}`, key, "/"],
    [`http://127.0.0.1:1/receipts?x=1#key=${key}&tab=2`, key, "/receipts?x=1#tab=2"],
    ["http://127.0.0.1:1/#section", null, "/#section"],
    ["http://127.0.0.1:1/network", null, "/network"],
  ])("is taken out of %s", (address, expected, cleaned) => {
    expect(takeKeyFromAddress(new URL(address))).toEqual({ key: expected, cleaned });
  });

  test("stays from visit to visit until it is forgotten", () => {
    const storage = memoryTextStorage();
    const first = createApiKeyStore(storage);
    expect(first.use(` ${key}\n`)).toBe(true);
    expect(createApiKeyStore(storage).get()).toBe(key);
    first.forget();
    expect(first.get()).toBeNull();
    expect(createApiKeyStore(storage).get()).toBeNull();
  });

  test.each(["", "sk-other-123456789", "sk-koinon-", "sk-koinon-abc def ghi", `sk-koinon-${"x".repeat(300)}`])(
    "%p is not taken for one",
    (text) => {
      const store = createApiKeyStore(memoryTextStorage());
      expect(store.use(text)).toBe(false);
      expect(store.get()).toBeNull();
    },
  );

  test("is shown without its middle", () => expect(maskKey(key)).toBe("sk-koinon-012345…-XYZ"));
});
