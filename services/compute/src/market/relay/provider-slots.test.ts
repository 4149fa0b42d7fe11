import { describe, expect, test } from "@jest/globals";
import type { Address } from "@koinon/secp256k1/address";
import { type Place, ProviderSlots } from "./provider-slots.ts";

const provider: Address = `0x${"11".repeat(20)}`;
const never = new AbortController().signal;

describe("ProviderSlots", () => {
  const enter = (slots: ProviderSlots, capacity = 1) => slots.enter(provider, capacity) as Place;

  test("serves the waiting in order and never more than the capacity", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    const [first, second, third] = [enter(slots), enter(slots), enter(slots)];
    expect(slots.enter(provider, 1)).toBeUndefined();
    await first.admitted(never);
    const served: string[] = [];
    const [second$, third$] = [
      second.admitted(never).then(() => served.push("second")),
      third.admitted(never).then(() => served.push("third")),
    ];
    first.leave();
    await second$;
    expect([served, slots.active(provider), slots.waiting()]).toEqual([["second"], 1, 1]);
    second.leave();
    await third$;
    third.leave();
    expect([served, slots.active(provider), slots.waiting()]).toEqual([["second", "third"], 0, 0]);
  });

  test("nobody overtakes the waiting", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    const [first, second] = [enter(slots), enter(slots)];
    first.leave();
    const third = enter(slots);
    await second.admitted(never);
    expect(slots.waiting()).toBe(1);
    second.leave();
    await third.admitted(never);
  });

  test("who gives up leaves the line, and its slot goes to the next", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    const [first, second, third] = [enter(slots), enter(slots), enter(slots)];
    const controller = new AbortController();
    const givesUp = second.admitted(controller.signal);
    controller.abort(new Error("gone"));
    await expect(givesUp).rejects.toThrow("gone");
    second.leave();
    first.leave();
    await third.admitted(never);
    expect(slots.active(provider)).toBe(1);
  });

  test("who was admitted while giving up gives the slot back", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    const [first, second] = [enter(slots), enter(slots)];
    first.leave();
    second.leave();
    second.leave();
    expect([slots.active(provider), slots.waiting()]).toEqual([0, 0]);
    expect(slots.enter(provider, 1)).toBeDefined();
  });

  test("a capacity that grows admits the waiting at once", async () => {
    const slots = new ProviderSlots({ queueMax: 2 });
    const [, second] = [enter(slots), enter(slots)];
    enter(slots, 3);
    await second.admitted(never);
    expect(slots.active(provider)).toBe(3);
  });
});
