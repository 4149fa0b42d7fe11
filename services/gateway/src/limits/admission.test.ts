import { describe, expect, test } from "@jest/globals";
import { Admission } from "./admission.ts";

describe("admission", () => {
  test("lets in as many requests as it may, and one more for each that left", () => {
    const admission = new Admission({ requestsMax: 2, bodyBytesMax: 1_000 });
    expect([admission.enter(1), admission.enter(1), admission.enter(1)]).toEqual([true, true, false]);
    admission.leave(1);
    expect(admission.enter(1)).toBe(true);
    expect(admission.requests).toBe(2);
  });

  test("lets in as many bytes as it may, to the byte", () => {
    const admission = new Admission({ requestsMax: 10, bodyBytesMax: 100 });
    expect([admission.enter(60), admission.enter(41), admission.enter(40), admission.enter(1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(admission.enter(0)).toBe(true);
    admission.leave(60);
    expect(admission.enter(60)).toBe(true);
    expect(admission.bodyBytes).toBe(100);
  });
});
