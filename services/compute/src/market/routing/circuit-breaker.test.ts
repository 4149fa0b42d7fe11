import { describe, expect, test } from "@jest/globals";
import { CircuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";

const options: CircuitBreakerOptions = {
  windowSize: 8,
  windowMs: 1_000,
  outcomesMin: 4,
  failureRatio: 0.5,
  pauseMs: 100,
  pauseMsMax: 350,
};

function failTimes(breaker: CircuitBreaker, times: number, now: number): void {
  for (let count = 0; count < times; count++) breaker.fail(now);
}

describe("CircuitBreaker", () => {
  test("opens at the ratio, not below it, and not before the minimum", () => {
    const breaker = new CircuitBreaker(options);
    failTimes(breaker, 3, 0);
    expect(breaker.state(0)).toBe("closed");
    breaker.fail(0);
    expect(breaker.state(0)).toBe("open");

    const mixed = new CircuitBreaker(options);
    for (let count = 0; count < 4; count++) mixed.succeed(0);
    failTimes(mixed, 3, 0);
    expect(mixed.state(0)).toBe("closed");
    mixed.fail(0);
    expect(mixed.state(0)).toBe("open");
  });

  test("forgets outcomes that are older than the window", () => {
    const breaker = new CircuitBreaker(options);
    failTimes(breaker, 3, 0);
    breaker.fail(1_000);
    expect(breaker.state(1_000)).toBe("closed");
  });

  test("after the pause one trial goes at a time; its success closes the circuit", () => {
    const breaker = new CircuitBreaker(options);
    failTimes(breaker, 4, 0);
    expect(breaker.admits(99)).toBe(false);
    expect(breaker.admits(100)).toBe(true);
    breaker.enter(100);
    expect(breaker.admits(100)).toBe(false);
    breaker.succeed(110);
    expect(breaker.state(110)).toBe("closed");
    failTimes(breaker, 1, 111);
    expect(breaker.state(111)).toBe("closed");
  });

  test("each failed trial doubles the pause up to its bound", () => {
    const breaker = new CircuitBreaker(options);
    failTimes(breaker, 4, 0);
    let now = 0;
    for (const pauseMs of [100, 200, 350, 350]) {
      expect([pauseMs, breaker.state(now + pauseMs - 1)]).toEqual([pauseMs, "open"]);
      now += pauseMs;
      expect([pauseMs, breaker.state(now)]).toEqual([pauseMs, "trial"]);
      breaker.enter(now);
      breaker.fail(now);
    }
  });

  test("an abandoned trial lets the next request try", () => {
    const breaker = new CircuitBreaker(options);
    failTimes(breaker, 4, 0);
    breaker.enter(100);
    breaker.abandon();
    expect(breaker.admits(100)).toBe(true);
  });

  test("late outcomes of requests from before it opened change nothing", () => {
    const breaker = new CircuitBreaker(options);
    failTimes(breaker, 4, 0);
    breaker.fail(50);
    breaker.succeed(60);
    expect(breaker.state(99)).toBe("open");
    expect(breaker.state(100)).toBe("trial");
  });
});
