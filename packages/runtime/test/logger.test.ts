import { describe, expect, test } from "@jest/globals";
import { DomainError } from "@koinon/errors/domain-error";
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

  test("bigints are written as decimal strings", () => {
    const { log, lines } = createRecordingLog();
    log.info({ fee: 2n ** 70n }, "settled");
    expect(lines()[0]?.fee).toBe("1180591620717411303424");
  });
});
