import { describe, expect, test } from "@jest/globals";
import { SampleProvider, type SampleWork, sampleDomain } from "@koinon/contributions/sample-work";
import { headOf, type SessionHead } from "@koinon/contributions/session-rules";
import type { Hex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { settledPayload } from "../../test/settled-events.ts";
import { type LoggableReceipt, SettledVerifier } from "../settled/settled-verifier.ts";
import { type KnownState, planAppend } from "./append-plan.ts";

const verifier = new SettledVerifier({ domain: sampleDomain }, { clock: { now: () => Date.UTC(2026, 6) } });

function loggable(work: SampleWork | undefined): LoggableReceipt {
  const verdict = work && verifier.verify(settledPayload(work));
  if (verdict?.kind !== "loggable") throw new Error(`not loggable: ${JSON.stringify(verdict)}`);
  return verdict.receipt;
}

/** Chains of receipts of two providers with two sessions each. */
const chains = ["a", "b"].flatMap((name) => {
  const provider = new SampleProvider(name);
  return [0, 1].map((session) => Array.from({ length: 5 }, () => loggable(provider.serve(session))));
});
const everything = chains.flat();

/** The log as the plans so far have made it. */
class ModelLog {
  readonly entries: Hex[] = [];
  readonly sessions = new Map<Hex, SessionHead>();
  held: LoggableReceipt[] = [];

  get known(): KnownState {
    const logged = new Map(this.entries.map((id, index) => [id, BigInt(index)]));
    return { treeSize: BigInt(this.entries.length), logged, sessions: this.sessions };
  }

  apply(batch: readonly LoggableReceipt[]) {
    const plan = planAppend(batch, this.known);
    this.entries.push(...plan.entries.map(({ id }) => id));
    for (const [session, head] of plan.sessions) this.sessions.set(session, head);
    this.held.push(...plan.held);
    return plan;
  }
}

const batches = fc.array(fc.array(fc.constantFrom(...everything), { maxLength: 12 }), { maxLength: 10 });

describe("append plan", () => {
  test("in any order and batches: each receipt once, after its predecessor and its documents", () => {
    fc.assert(
      fc.property(batches, (list) => {
        const log = new ModelLog();
        for (const batch of list) {
          const { outcomes, logged, refused } = log.apply(batch);
          expect(refused).toEqual([]);
          for (const [i, { id }] of batch.entries()) {
            expect(outcomes[i] === "held").toBe(!log.entries.includes(id));
            if (outcomes[i] !== "held") expect(logged.get(id)).toBe(BigInt(log.entries.indexOf(id)));
          }
        }
        expect(new Set(log.entries).size).toBe(log.entries.length);
        for (const receipt of everything) {
          const at = log.entries.indexOf(receipt.id);
          if (at === -1) continue;
          const needed = [receipt.quote.id, receipt.certificate.id];
          if (receipt.document.sequence > 0n) needed.push(receipt.document.previous);
          for (const id of needed) expect(log.entries.slice(0, at)).toContain(id);
        }
        // What is held comes in when it is handed in again behind its predecessor.
        log.apply(everything);
        expect(log.entries).toHaveLength(everything.length + 4);
      }),
    );
  });

  test("takes a whole session that comes backwards in one batch", () => {
    const [chain = []] = chains;
    const plan = new ModelLog().apply(chain.toReversed());
    expect(plan.outcomes).toEqual(Array(5).fill("appended"));
    expect(plan.entries.slice(2).map(({ id }) => id)).toEqual(chain.map(({ id }) => id));
    expect(plan.entries.map(({ certificateIndex }) => certificateIndex)).toEqual([null, null, 0n, 0n, 0n, 0n, 0n]);
    expect(plan.contributions).toMatchObject([{ receipts: 5n }]);
  });

  test("counts contributions of new receipts only", () => {
    const log = new ModelLog();
    const [chain = []] = chains;
    log.apply(chain.slice(0, 2));
    const plan = log.apply(chain.slice(0, 3));
    expect(plan.outcomes).toEqual(["duplicate", "duplicate", "appended"]);
    expect(plan.contributions).toMatchObject([{ receipts: 1n }]);
    expect([...plan.logged.values()]).toEqual([2n, 3n, 4n]);
  });

  test("a receipt that comes twice in one batch is appended once", () => {
    const [first] = everything;
    const plan = new ModelLog().apply(first === undefined ? [] : [first, first]);
    expect(plan.outcomes).toEqual(["appended", "duplicate"]);
    expect(plan.entries).toHaveLength(3);
  });

  test("refuses what takes a place that is taken, also when it had to wait", () => {
    const [a, twin] = [new SampleProvider("a"), new SampleProvider("a")];
    const [first, second, third] = [a.serve(), a.serve(), a.serve()].map(loggable);
    twin.serve();
    const fork = loggable(twin.serve(0, { outputHash: `0x${"11".repeat(32)}` }));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three");
    const plan = new ModelLog().apply([fork, second, third, first]);
    expect(plan.outcomes).toEqual(["appended", "refused", "refused", "appended"]);
    expect(plan.refused.map(({ id, reason }) => [id, reason])).toEqual([
      [second.id, "SESSION_CONFLICT"],
      [third.id, "SESSION_CONFLICT"],
    ]);
    const head = headOf(fork.document, fork.id, fork.certificate.document);
    expect(plan.sessions.get(fork.document.session)).toEqual(head);
  });
});
