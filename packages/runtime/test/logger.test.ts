import { describe, expect, test } from "@jest/globals";
import { DomainError } from "@koinon/errors/domain-error";
import { transportError } from "@koinon/rpc/rpc-error";
import { Secret } from "../src/secret.ts";
import { createRecordingLog } from "./recording-log.ts";

describe("the log", () => {
  test("is one JSON object a line: constant message, facts as fields, time from the clock", () => {
    const { log, lines } = createRecordingLog();
    log.info({ requestId: "req_1", units: 7 }, "request served");
    expect(lines()).toEqual([
      { level: "info", time: 1_700_000_000_000, name: "test", requestId: "req_1", units: 7, msg: "request served" },
    ]);
  });

  test("children add their fields to every line", () => {
    const { log, lines } = createRecordingLog();
    log.child({ module: "market" }).child({ lane: 3 }).warn({}, "slow");
    expect(lines()[0]).toMatchObject({ level: "warn", module: "market", lane: 3 });
  });

  test("the level holds", () => {
    const { log, lines } = createRecordingLog("warn");
    log.debug({}, "a");
    log.info({}, "b");
    log.warn({}, "c");
    log.error({}, "d");
    log.fatal({}, "e");
    expect(lines().map(({ msg }) => msg)).toEqual(["c", "d", "e"]);
  });

  test("secrets and what people wrote do not get into it", () => {
    const { log, text } = createRecordingLog();
    const words = "correct horse battery staple";
    for (const field of [
      "authorization",
      "apiKey",
      "key",
      "privateKey",
      "password",
      "secret",
      "token",
      "prompt",
      "body",
    ]) {
      log.info({ [field]: words, request: { [field]: words } }, "x");
    }
    log.info({ config: { database: new Secret(words) }, secretly: new Secret(words) }, "x");
    expect(text()).not.toContain("horse");
  });

  test("errors are logged with their cause", () => {
    const { log, lines } = createRecordingLog();
    const err = new DomainError({ code: "LOST" }, { cause: new Error("socket closed") });
    log.error({ err }, "failed");
    expect(lines()[0]?.err).toMatchObject({ type: "DomainError", message: "LOST: socket closed" });
  });

  test("of an error only what says what happened is logged, whatever hangs on it, and not more than a page of it", () => {
    const { log, lines, text } = createRecordingLog();
    const connection = { settings: "x".repeat(10_000) };
    const lost = Object.assign(new Error("connection lost"), {
      code: "57P01",
      detail: "Key (name)=(xxx) already exists.",
      client: { connection },
      attempt: { connection },
    });
    log.warn({ err: lost }, "lost");
    log.warn({ err: new DomainError({ code: "LOST", units: 3n }, { cause: lost }) }, "lost");
    log.warn({ err: new Error("y".repeat(100_000)) }, "long");
    log.warn({ err: "thrown text" }, "odd");
    const [first, second, third, fourth] = lines().map(({ err }) => err);
    expect(first).toEqual({ type: "Error", message: "connection lost", code: "57P01", stack: expect.any(String) });
    expect(second).toMatchObject({ type: "DomainError", code: "LOST", message: "LOST (units=3): connection lost" });
    expect(JSON.stringify(third).length).toBeLessThan(9_000);
    expect(fourth).toBe("thrown text");
    expect(text()).not.toContain("xxx");
  });

  test("a failed call says what its transport said", () => {
    const { log, lines } = createRecordingLog();
    log.warn({ err: transportError("UNAVAILABLE", { detail: "read ECONNRESET" }) }, "failed");
    expect(lines()[0]?.err).toMatchObject({ code: "UNAVAILABLE", detail: "read ECONNRESET" });
  });

  test("bigints are written as decimal strings", () => {
    const { log, lines } = createRecordingLog();
    log.info({ fee: 2n ** 70n }, "settled");
    expect(lines()[0]?.fee).toBe("1180591620717411303424");
  });
});
