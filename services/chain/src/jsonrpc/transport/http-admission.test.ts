import { describe, expect, test } from "@jest/globals";
import { HttpAdmission } from "./http-admission.ts";

const limits = { requestsMax: 3, bodyBytesMax: 100, bodyBytesTotalMax: 150 };

describe("admission", () => {
  test("is by number", () => {
    const admission = new HttpAdmission(limits);
    const leave = [1, 2, 3].map(() => admission.enter({}));
    expect(leave.every((each) => each !== undefined)).toBe(true);
    expect(admission.enter({})).toBeUndefined();
    leave[1]?.();
    expect(admission.enter({})).toBeDefined();
  });

  test("is by what bodies declare, or may come to when they declare nothing", () => {
    const admission = new HttpAdmission(limits);
    const first = admission.enter({ "content-length": "50" });
    const second = admission.enter({ "transfer-encoding": "chunked" });
    expect(second).toBeDefined();
    expect(admission.enter({ "content-length": "1" })).toBeUndefined();
    first?.();
    expect(admission.enter({ "content-length": "51" })).toBeUndefined();
    expect(admission.enter({ "content-length": "50" })).toBeDefined();
  });

  test("what is too large for one body counts as one: it is refused for its length", () => {
    const admission = new HttpAdmission(limits);
    expect(admission.enter({ "content-length": "9999999999" })).toBeDefined();
  });
});
