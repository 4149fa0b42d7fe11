import { describe, expect, test } from "@jest/globals";
import { GatewayCallError, type GatewayFault } from "../gateway/fault.ts";
import { createStore } from "../state/store.ts";
import { attemptsMax, nextProofState, type ProofState } from "./proof-state.ts";
import { type ProofSubject, Proofs } from "./proofs.ts";
import type { TrustState } from "./trust-pin.ts";
import type { Verdict } from "./verdict.ts";

const bundle = new Uint8Array([1]);
/** Anchored in a block that nobody can be asked for. */
const unreachable = new Uint8Array([2]);
const verdict: Verdict = { valid: true, textChecked: true, steps: [], receiptId: "0x1", block: null, facts: null };
const subject = (id: string): ProofSubject => ({
  id,
  requestId: `req_${id}`,
  bundle: null,
  request: null,
  response: null,
  screen: null,
});
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const noTrust: TrustState = { pinned: null, offered: null, problem: null };

function trusting(bytes: number): TrustState {
  const summary = {
    fingerprint: `0x${bytes}`,
    network: "",
    logs: [],
    witnesses: [],
    threshold: 0,
    providers: [],
    chains: [],
    anchorRequired: false,
  };
  return { ...noTrust, pinned: { bytes: new Uint8Array([bytes]), summary, origin: "first-sight", pinnedAt: 0 } };
}

function setUp(answers: (GatewayFault | Uint8Array<ArrayBuffer>)[], initial = trusting(1)) {
  const trust = createStore(initial);
  const timers: { action: () => void; delayMs: number }[] = [];
  const verified: number[] = [];
  const fetched: string[] = [];
  const proofs = new Proofs({
    fetchBundle: async (requestId) => {
      fetched.push(requestId);
      const answer = answers.shift() ?? bundle;
      if (answer instanceof Uint8Array) return answer;
      throw new GatewayCallError(answer);
    },
    canCheck: async (kept) => kept !== unreachable,
    verify: async (_evidence, trustBytes) => {
      verified.push(trustBytes[0] as number);
      return verdict;
    },
    trust,
    schedule: (action, delayMs) => {
      timers.push({ action, delayMs });
      return () => undefined;
    },
    onBundle: () => undefined,
  });
  return { proofs, trust, timers, verified, fetched };
}

describe("proofs", () => {
  test("fetches, verifies, and asks only once", async () => {
    const { proofs, fetched } = setUp([]);
    const state = proofs.prove(subject("a"));
    expect(state.get().kind).toBe("fetching");
    expect(proofs.prove(subject("a"))).toBe(state);
    await settled();
    expect(state.get()).toEqual({ kind: "judged", verdict });
    expect(fetched).toEqual(["req_a"]);
    expect(proofs.subjectOf("a")?.bundle).toBe(bundle);
  });

  test("fetches another bundle instead of one that can not be checked now", async () => {
    const { proofs, fetched } = setUp([]);
    proofs.prove({ ...subject("a"), bundle: unreachable });
    proofs.prove({ ...subject("b"), bundle: unreachable, requestId: null });
    await settled();
    expect([fetched, proofs.subjectOf("a")?.bundle]).toEqual([["req_a"], bundle]);
    // Nobody has another one of a file.
    expect(proofs.stateOf("b")?.get().kind).toBe("judged");
  });

  test("asks again after the time that the gateway names", async () => {
    const { proofs, timers } = setUp([{ code: "NOT_LOGGED_YET", retryAfterMs: 1_234 }]);
    const state = proofs.prove(subject("a"));
    await settled();
    expect(state.get().kind).toBe("waiting");
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([1_234]);
    timers[0]?.action();
    await settled();
    expect(state.get().kind).toBe("judged");
  });

  test("what can not help is not tried again", async () => {
    const { proofs, timers } = setUp([{ code: "NO_RECEIPT", reason: "voided" }]);
    const state = proofs.prove(subject("a"));
    await settled();
    expect(state.get()).toEqual({ kind: "gave-up", fault: { code: "NO_RECEIPT", reason: "voided" } });
    expect(timers).toEqual([]);
  });

  test("gives up after a stated number of attempts", () => {
    let state: ProofState = { kind: "fetching", attempt: 1 };
    let attempts = 1;
    for (; state.kind !== "gave-up"; attempts += 1) {
      state = nextProofState(state, { kind: "fault", fault: { code: "UNREACHABLE" } });
      if (state.kind === "waiting") {
        expect(state.retryMs).toBeLessThanOrEqual(30_000);
        state = nextProofState(state, { kind: "retry" });
      }
    }
    expect(attempts - 1).toBe(attemptsMax);
  });

  test("verifies again when the anchors change, with the bundle it has", async () => {
    const { proofs, trust, verified, fetched } = setUp([]);
    const state = proofs.prove(subject("a"));
    await settled();
    trust.set(trusting(2));
    await settled();
    expect(verified).toEqual([1, 2]);
    expect(fetched).toEqual(["req_a"]);
    expect(state.get().kind).toBe("judged");
    // An offer is not an acceptance.
    trust.update((now) => ({
      ...now,
      offered: { bytes: new Uint8Array([3]), summary: trusting(3).pinned?.summary as never },
    }));
    await settled();
    expect(verified).toEqual([1, 2]);
  });

  test("without a trust file nothing is judged, until there is one", async () => {
    const { proofs, trust } = setUp([], noTrust);
    const state = proofs.prove(subject("a"));
    await settled();
    expect(state.get().kind).toBe("unable");
    trust.set(trusting(1));
    await settled();
    expect(state.get().kind).toBe("judged");
  });

  test("is bounded, the oldest going first", async () => {
    const { proofs } = setUp([]);
    for (let index = 0; index < 510; index += 1) proofs.prove(subject(String(index)));
    await settled();
    expect(proofs.stateOf("9")).toBeUndefined();
    expect(proofs.stateOf("10")).toBeDefined();
  });

  test("events that do not fit change nothing", () => {
    const judged: ProofState = { kind: "judged", verdict };
    expect(nextProofState(judged, { kind: "fault", fault: { code: "UNREACHABLE" } })).toBe(judged);
    expect(nextProofState(judged, { kind: "retry" })).toBe(judged);
    expect(nextProofState(judged, { kind: "verdict", verdict })).toBe(judged);
    expect(nextProofState(judged, { kind: "unable", reason: "" })).toBe(judged);
  });
});
