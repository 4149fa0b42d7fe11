import { describe, expect, test } from "@jest/globals";
import { DatabaseError } from "@koinon/postgres/database-error";
import { waitFor } from "@koinon/testkit/wait-for";
import { type AppliedBatch, GroupCommit, type GroupCommitOptions } from "./group-commit.ts";

const bounds: GroupCommitOptions = { batchMax: 4, openMax: 100 };

/** A lane whose batches wait at a gate; results are the items in capitals. */
function gatedLane(options = bounds, apply?: (items: readonly string[]) => Promise<AppliedBatch<string>>) {
  const batches: string[][] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const lane = new GroupCommit<string, string>(options, {
    keyOf: (item) => item.split("/")[0] ?? item,
    async apply(items) {
      batches.push([...items]);
      if (apply !== undefined) return await apply(items);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      return { results: items.map((item) => item.toUpperCase()) };
    },
  });
  const open = async (batch: number) => {
    (await waitFor(() => gates[batch])).resolve();
  };
  return { lane, batches, open };
}

const refusal = new DatabaseError({ code: "CONSTRAINT_VIOLATION", sqlState: "23514", table: "t", constraint: "c" });
const conflict = new DatabaseError({ code: "SERIALIZATION_FAILURE", sqlState: "40001", attempts: 1 });
const collision = new DatabaseError({ code: "UNIQUE_VIOLATION", sqlState: "23505", table: "t", constraint: "c" });
const away = new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: "gone" });

describe("GroupCommit", () => {
  test("while one batch is applied the next collects, in order and within the bound", async () => {
    const { lane, batches, open } = gatedLane();
    const first = lane.submit("a");
    await waitFor(() => batches.length === 1);
    const rest = ["b", "c", "d", "e", "f"].map((item) => lane.submit(item));
    for (const batch of [0, 1, 2]) await open(batch);
    expect(await Promise.all([first, ...rest])).toEqual(["A", "B", "C", "D", "E", "F"]);
    expect(batches).toEqual([["a"], ["b", "c", "d", "e"], ["f"]]);
    expect(lane.open).toBe(0);
  });

  test("what is submitted in the same moment shares the first batch", async () => {
    const { lane, batches, open } = gatedLane();
    const answers = ["a", "b", "c"].map((item) => lane.submit(item));
    await open(0);
    await Promise.all(answers);
    expect(batches).toEqual([["a", "b", "c"]]);
  });

  test("items of one key go into different batches and keep their order", async () => {
    const { lane, batches, open } = gatedLane();
    const answers = ["a/1", "b/1", "a/2", "c/1", "a/3"].map((item) => lane.submit(item));
    for (const batch of [0, 1, 2]) await open(batch);
    await Promise.all(answers);
    expect(batches).toEqual([["a/1", "b/1", "c/1"], ["a/2"], ["a/3"]]);
  });

  test("beyond the bound an item is refused at once", async () => {
    const { lane, open } = gatedLane({ batchMax: 4, openMax: 2 });
    const taken = [lane.submit("a"), lane.submit("b")];
    await expect(lane.submit("c")).rejects.toMatchObject({ fault: { code: "DATABASE_OVERLOADED", waiting: 2 } });
    await open(0);
    await Promise.all(taken);
    const after = lane.submit("c");
    await open(1);
    expect(await after).toBe("C");
  });

  test("one item's refusal is its own", async () => {
    const { lane, batches } = gatedLane(bounds, async (items) => {
      if (items.includes("bad")) throw refusal;
      return { results: items.map((item) => item.toUpperCase()) };
    });
    const outcomes = await Promise.allSettled(["a", "bad", "c"].map((item) => lane.submit(item)));
    expect(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : outcome.reason.code))).toEqual([
      "A",
      "CONSTRAINT_VIOLATION",
      "C",
    ]);
    expect(batches).toEqual([["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
  });

  test("an unreachable database fails the whole batch, once, and the next one is tried", async () => {
    let reachable = false;
    const { lane, batches } = gatedLane(bounds, async (items) => {
      if (!reachable) throw away;
      return { results: [...items] };
    });
    const outcomes = await Promise.allSettled([lane.submit("a"), lane.submit("b")]);
    expect(outcomes).toEqual([
      { status: "rejected", reason: away },
      { status: "rejected", reason: away },
    ]);
    reachable = true;
    expect(await lane.submit("c")).toBe("c");
    expect(batches).toHaveLength(2);
  });

  test("what another process prevented is tried again, within a bound", async () => {
    const failures = [conflict, conflict, collision];
    const { lane, batches } = gatedLane(bounds, async (items) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return { results: [...items] };
    });
    expect(await lane.submit("a")).toBe("a");
    expect(batches).toHaveLength(4);
    failures.push(...Array.from({ length: 10 }, () => conflict));
    await expect(lane.submit("b")).rejects.toBe(conflict);
    expect(failures).toHaveLength(5);
  });

  test("a lane that lingers collects until its time is over, a batch is full or somebody asks", async () => {
    const { lane, batches } = gatedLane({ ...bounds, lingerMs: 500 }, async (items) => ({ results: [...items] }));
    const first = lane.submit("a");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.all([first, lane.submit("b")])).toEqual(["a", "b"]);

    const patient = gatedLane({ ...bounds, lingerMs: 3_600_000 }, async (items) => ({ results: [...items] }));
    await Promise.all(["a", "b", "c", "d"].map((item) => patient.lane.submit(item)));
    const asked = patient.lane.submit("e");
    await new Promise((resolve) => setImmediate(resolve));
    await patient.lane.flush();
    await asked;
    const last = patient.lane.submit("f");
    await patient.lane.idle();
    await last;
    expect([...batches, ...patient.batches]).toEqual([["a", "b"], ["a", "b", "c", "d"], ["e"], ["f"]]);
  });

  test("answers come when they are durable, while the next batch is applied already", async () => {
    const flushes: PromiseWithResolvers<void>[] = [];
    const { lane, batches } = gatedLane(bounds, async (items) => {
      const flush = Promise.withResolvers<void>();
      flushes.push(flush);
      return { results: [...items], durable: flush.promise };
    });
    const answered: string[] = [];
    const first = lane.submit("a").then((item) => answered.push(item));
    await waitFor(() => flushes.length === 1);
    const second = lane.submit("b");
    await waitFor(() => batches.length === 2);
    expect(answered).toEqual([]);
    flushes[0]?.resolve();
    await first;
    flushes[1]?.reject(away);
    await expect(second).rejects.toBe(away);
  });
});
