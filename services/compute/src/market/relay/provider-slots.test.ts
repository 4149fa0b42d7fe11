import { describe, expect, test } from "@jest/globals";
import type { Address } from "@koinon/secp256k1/address";
import { ProviderSlots } from "./provider-slots.ts";

const provider: Address = `0x${"11".repeat(20)}`;
const never = new AbortController().signal;

describe("ProviderSlots", () => {
  test("serves the waiting in order and never more than the capacity", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    expect([slots.tryTake(provider, 1), slots.tryTake(provider, 1)]).toEqual([true, false]);
    const served: string[] = [];
    const first = slots.take(provider, 1, never).then(() => served.push("first"));
    const second = slots.take(provider, 1, never).then(() => served.push("second"));
    expect(slots.hasRoomToWait(provider)).toBe(false);
    slots.release(provider);
    await first;
    expect([served, slots.active(provider), slots.waiting()]).toEqual([["first"], 1, 1]);
    slots.release(provider);
    await second;
    slots.release(provider);
    expect([served, slots.active(provider), slots.waiting()]).toEqual([["first", "second"], 0, 0]);
  });

  test("nobody overtakes the waiting", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    slots.tryTake(provider, 1);
    const waiting = slots.take(provider, 1, never);
    slots.release(provider);
    expect(slots.tryTake(provider, 1)).toBe(false);
    await waiting;
  });

  test("who gives up leaves the line, and its slot goes to the next", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    slots.tryTake(provider, 1);
    const controller = new AbortController();
    const givesUp = slots.take(provider, 1, controller.signal);
    const stays = slots.take(provider, 1, never);
    controller.abort(new Error("gone"));
    await expect(givesUp).rejects.toThrow("gone");
    slots.release(provider);
    await stays;
    expect(slots.active(provider)).toBe(1);
  });

  test("a capacity that grows admits the waiting at once", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    slots.tryTake(provider, 1);
    const waiting = slots.take(provider, 1, never);
    slots.tryTake(provider, 3);
    await waiting;
    expect(slots.active(provider)).toBe(3);
  });

  test("a provider without requests takes no memory", () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    slots.tryTake(provider, 1);
    slots.release(provider);
    expect(slots.active(provider)).toBe(0);
    expect(() => slots.release(provider)).toThrow("a slot is released once");
  });
});
