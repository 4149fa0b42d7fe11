import { describe, expect, test } from "@jest/globals";
import { DomainError, faultFacts, isFault } from "./domain-error.ts";

type LedgerFault = { code: "INSUFFICIENT_FUNDS"; needed: bigint; available: bigint; note?: string };
class LedgerError extends DomainError<LedgerFault> {}

describe("DomainError", () => {
  test("carries code, facts and cause, and derives its message", () => {
    const cause = new Error("below");
    const error = new LedgerError({ code: "INSUFFICIENT_FUNDS", needed: 5n, available: 3n }, { cause });
    expect(error.code).toBe("INSUFFICIENT_FUNDS");
    expect(error.name).toBe("LedgerError");
    expect(error.message).toBe("INSUFFICIENT_FUNDS (needed=5, available=3)");
    expect(error.cause).toBe(cause);
    expect(isFault(error, "INSUFFICIENT_FUNDS")).toBe(true);
    expect(isFault(new Error("INSUFFICIENT_FUNDS"), "INSUFFICIENT_FUNDS")).toBe(false);
  });

  test("facts are strings without the code and without absent ones", () => {
    expect(faultFacts({ code: "X", a: 1n, b: undefined, c: { d: 2 } } as never)).toEqual({ a: "1", c: '{"d":2}' });
  });
});
