import { describe, expect, test } from "@jest/globals";
import { emptyDraft, readDraft } from "./new-key-draft.ts";

const now = Date.parse("2026-06-15T12:00:00Z");
const good = { ...emptyDraft, name: " laptop ", budget: "2.5" };

describe("a new key", () => {
  test("is what was typed, trimmed and in micro-credits", () => {
    expect(readDraft(good, now)).toEqual({
      key: {
        name: "laptop",
        budget: 2_500_000n,
        scopes: ["inference", "receipts"],
        requestsPerMinute: null,
        expiresAt: null,
      },
    });
    const bounded = readDraft({ ...good, requestsPerMinute: "60", expiresOn: "2026-06-30", scopes: ["admin"] }, now);
    expect(bounded).toMatchObject({ key: { requestsPerMinute: 60, scopes: ["admin"] } });
    expect("key" in bounded && (bounded.key.expiresAt ?? 0) > now).toBe(true);
  });

  test.each([
    [{ name: "  " }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ budget: "" }, "budget"],
    [{ budget: "-1" }, "budget"],
    [{ budget: "0.0000001" }, "budget"],
    [{ requestsPerMinute: "0" }, "requestsPerMinute"],
    [{ requestsPerMinute: "1.5" }, "requestsPerMinute"],
    [{ requestsPerMinute: "many" }, "requestsPerMinute"],
    [{ expiresOn: "2026-06-01" }, "expiresOn"],
    [{ expiresOn: "soon" }, "expiresOn"],
    [{ scopes: [] }, "scopes"],
  ])("%p is refused at %s", (change, field) => {
    expect(readDraft({ ...good, ...change }, now)).toEqual({ problems: { [field]: expect.any(String) } });
  });
});
