import { EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { onEndSignals } from "../src/end-signals.ts";

test("one press of Ctrl-C that comes several times is one request, a later one is another", () => {
  const process = new EventEmitter();
  const told: string[] = [];
  let now = 1_000;
  onEndSignals(
    process,
    { first: (signal) => told.push(`first ${signal}`), again: (signal) => told.push(`again ${signal}`) },
    { monotonicMs: () => now },
  );
  process.emit("SIGINT", "SIGINT");
  process.emit("SIGINT", "SIGINT");
  now += 499;
  process.emit("SIGTERM", "SIGTERM");
  expect(told).toEqual(["first SIGINT"]);
  now += 1;
  process.emit("SIGTERM", "SIGTERM");
  expect(told).toEqual(["first SIGINT", "again SIGTERM"]);
  expect([process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")]).toEqual([0, 0]);
});
