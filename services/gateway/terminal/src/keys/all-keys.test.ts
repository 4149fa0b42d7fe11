import { describe, expect, test } from "@jest/globals";
import type { ApiKey } from "../gateway/api-keys.ts";
import { readAllKeys } from "./all-keys.ts";

const signal = new AbortController().signal;

function gatewayWith(scopes: readonly string[]) {
  const key: ApiKey = {
    ...{ id: "0".repeat(16), name: "laptop", prefix: "sk-koinon-0", scopes, createdAt: 1, expiresAt: null },
    ...{ revokedAt: null, requestsPerMinute: null, budget: null },
  };
  const asked: string[] = [];
  const gateway = {
    getApiKey: async () => key,
    listApiKeys: async (pageToken: string) => {
      asked.push(pageToken);
      return { items: [key], nextPageToken: "" };
    },
  };
  return { gateway, asked };
}

describe("everybody's keys", () => {
  test("are read with a key that may see them", async () => {
    const { gateway, asked } = gatewayWith(["inference", "admin"]);
    expect((await readAllKeys(gateway, "page 2", { signal })).items).toHaveLength(1);
    expect(asked).toEqual(["page 2"]);
  });

  test.each([
    [["inference", "receipts"], "'laptop' may ask models and read its own receipts, but not see or change keys."],
    [["receipts"], "'laptop' may read its own receipts, but not see or change keys."],
    [["of a later version"], "'laptop' may not see or change keys."],
  ])("are not asked for with the scopes %s", async (scopes, reason) => {
    const { gateway, asked } = gatewayWith(scopes);
    await expect(readAllKeys(gateway, "", { signal })).rejects.toMatchObject({
      fault: { code: "NOT_ALLOWED", reason },
    });
    expect(asked).toEqual([]);
  });
});
