import { expect, test } from "@jest/globals";
import { ReservationForecast } from "./reservation-forecast.ts";

let requests = 0;
const asked = (accountId: string, amount: bigint) => {
  const requestId = `0x${(++requests).toString(16).padStart(64, "0")}` as const;
  return { requestId, accountId, amount };
};
const forecastOf = (budgetsMax = 10, requestsMax = 10) => new ReservationForecast({ budgetsMax, requestsMax });

test("nothing is likely of a budget that was not heard of", () => {
  expect(forecastOf().isLikely(asked("alice", 1n))).toBe(false);
});

test("likely is what a budget covers 32 times, counting what is asked for and not answered", () => {
  const forecast = forecastOf();
  const first = asked("alice", 10n);
  forecast.asks(first);
  forecast.granted(first, 330n);
  expect(forecast.isLikely(asked("alice", 10n))).toBe(true);
  expect(forecast.isLikely(asked("alice", 11n))).toBe(false);
  const second = asked("alice", 10n);
  forecast.asks(second);
  const third = asked("alice", 10n);
  forecast.asks(third);
  expect(forecast.isLikely(asked("alice", 10n))).toBe(false);
  // A grant that says nothing of the budget takes its amount.
  forecast.granted(second, undefined);
  forecast.granted(third, 320n);
  expect(forecast.isLikely(asked("alice", 10n))).toBe(true);
});

test("a refusal tells what there is, a failure nothing", () => {
  const forecast = forecastOf();
  const [first, second, third] = [asked("alice", 10n), asked("alice", 10n), asked("alice", 10n)];
  forecast.asks(first);
  forecast.granted(first, 10_000n);
  forecast.asks(second);
  forecast.refused(second, 9n);
  expect(forecast.isLikely(asked("alice", 1n))).toBe(false);
  forecast.granted(third, 10_000n);
  forecast.failed(third);
  expect(forecast.isLikely(asked("alice", 1n))).toBe(false);
});

test("a request id that was asked for is never likely again", () => {
  const forecast = forecastOf();
  const first = asked("alice", 10n);
  expect(forecast.isLikely(first)).toBe(false);
  forecast.asks(first);
  forecast.granted(first, 10_000n);
  expect(forecast.isLikely(first)).toBe(false);
  expect(forecast.isLikely(asked("alice", 10n))).toBe(true);
});

test("the oldest budgets and request ids are forgotten", () => {
  const forecast = forecastOf(2, 2);
  const names = ["alice", "bob", "carol"];
  const made = names.map((name) => asked(name, 1n));
  for (const each of made) {
    forecast.asks(each);
    forecast.granted(each, 1_000n);
  }
  expect(names.map((name) => forecast.isLikely(asked(name, 1n)))).toEqual([false, true, true]);
  const [first, , third] = made;
  expect(first && forecast.isLikely({ ...first, accountId: "carol" })).toBe(true);
  expect(third && forecast.isLikely(third)).toBe(false);
});
