import { describe, expect, test } from "@jest/globals";
import { GatewayCallError } from "../gateway/fault.ts";
import { Resource } from "./resource.ts";

interface Load {
  readonly signal: AbortSignal;
  resolve(value: number): void;
  reject(error: unknown): void;
}

function setUp() {
  const loads: Load[] = [];
  const timers: { action: () => void; delayMs: number; cancelled: boolean }[] = [];
  let visible = true;
  const resource = new Resource<number>({
    load: (signal) => new Promise((resolve, reject) => loads.push({ signal, resolve, reject })),
    schedule: (action, delayMs) => {
      const timer = { action, delayMs, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
    isVisible: () => visible,
  });
  const pending = () => timers.filter(({ cancelled }) => !cancelled);
  return {
    resource,
    loads,
    pending,
    hide: () => {
      visible = false;
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("resource", () => {
  test("a failure keeps the last value beside the fault", async () => {
    const { resource, loads } = setUp();
    void resource.refresh();
    loads[0]?.resolve(1);
    await settled();
    void resource.refresh();
    expect(resource.state.get()).toEqual({ value: 1, fault: null, isLoading: true });
    loads[1]?.reject(new GatewayCallError({ code: "UNREACHABLE" }));
    await settled();
    expect(resource.state.get()).toEqual({ value: 1, fault: { code: "UNREACHABLE" }, isLoading: false });
  });

  test("only the last question counts", async () => {
    const { resource, loads } = setUp();
    void resource.refresh();
    void resource.refresh();
    expect(loads[0]?.signal.aborted).toBe(true);
    loads[1]?.resolve(2);
    loads[0]?.resolve(1);
    await settled();
    expect(resource.state.get().value).toBe(2);
  });

  test("is asked again while watched, at the shortest interval, and no more after that", async () => {
    const { resource, loads, pending } = setUp();
    const stopSlow = resource.watch(9_000);
    const stopFast = resource.watch(3_000);
    loads[0]?.resolve(1);
    await settled();
    expect(pending().map(({ delayMs }) => delayMs)).toEqual([3_000]);
    stopFast();
    expect(pending().map(({ delayMs }) => delayMs)).toEqual([9_000]);
    pending()[0]?.action();
    expect(loads).toHaveLength(2);
    loads[1]?.resolve(2);
    await settled();
    stopSlow();
    expect(pending()).toEqual([]);
  });

  test("nothing is asked while nobody can see it", async () => {
    const { resource, loads, pending, hide } = setUp();
    resource.watch(1_000);
    loads[0]?.resolve(1);
    await settled();
    hide();
    pending()[0]?.action();
    expect(loads).toHaveLength(1);
    expect(pending().length).toBeGreaterThan(0);
  });

  test("after a reset the old answer does not come back", async () => {
    const { resource, loads } = setUp();
    void resource.refresh();
    resource.reset();
    loads[0]?.resolve(1);
    await settled();
    expect(resource.state.get().value).toBeNull();
  });
});
