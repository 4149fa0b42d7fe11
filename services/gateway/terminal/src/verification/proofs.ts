import { faultOf } from "../gateway/fault.ts";
import type { Schedule } from "../state/resource.ts";
import { createStore, type ReadableStore, type Store } from "../state/store.ts";
import { createConcurrencyLimit } from "./concurrency-limit.ts";
import type { Evidence } from "./evidence.ts";
import { firstProofState, nextProofState, type ProofEvent, type ProofState } from "./proof-state.ts";
import type { TrustState } from "./trust-pin.ts";
import type { Verdict } from "./verdict.ts";

/** Something that a bundle is to prove. */
export interface ProofSubject extends Omit<Evidence, "bundle"> {
  readonly id: string;
  /** Null until it has been fetched. */
  readonly bundle: Uint8Array<ArrayBuffer> | null;
}

/** What proofs work with. */
export interface ProofDependencies {
  fetchBundle(requestId: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** False for a bundle with an anchor that nobody can be asked for now. */
  canCheck(bundle: Uint8Array, trust: Uint8Array): Promise<boolean>;
  verify(evidence: Evidence, trust: Uint8Array): Promise<Verdict>;
  readonly trust: ReadableStore<TrustState>;
  readonly schedule: Schedule;
  /** Told of every bundle that was fetched, so that it can be kept. */
  onBundle(subject: ProofSubject, bundle: Uint8Array<ArrayBuffer>): void;
}

interface Proof {
  subject: ProofSubject;
  readonly state: Store<ProofState>;
  abort: AbortController;
}

const proofsMax = 500;
const concurrencyMax = 4;

/** Fetches and verifies the proof of everything that is shown, and verifies again when the trust anchors change. */
export class Proofs {
  readonly #dependencies: ProofDependencies;
  readonly #proofs = new Map<string, Proof>();
  readonly #limit = createConcurrencyLimit(concurrencyMax);
  #trustBytes: Uint8Array | undefined;

  constructor(dependencies: ProofDependencies) {
    this.#dependencies = dependencies;
    dependencies.trust.subscribe(() => this.#trustChanged());
    this.#trustBytes = dependencies.trust.get().pinned?.bytes;
  }

  /** The proof's state; undefined when nobody has asked for it. */
  stateOf(id: string): ReadableStore<ProofState> | undefined {
    return this.#proofs.get(id)?.state;
  }

  /** What is being proved, with its bundle when that is here. */
  subjectOf(id: string): ProofSubject | undefined {
    return this.#proofs.get(id)?.subject;
  }

  /** Starts proving, or answers the proof that is under way. */
  prove(subject: ProofSubject): ReadableStore<ProofState> {
    const known = this.#proofs.get(subject.id);
    if (known !== undefined) return known.state;
    const proof: Proof = { subject, state: createStore<ProofState>(firstProofState), abort: new AbortController() };
    this.#proofs.set(subject.id, proof);
    this.#evict();
    void this.#run(proof);
    return proof.state;
  }

  /** Fetches and verifies afresh. */
  again(id: string): void {
    const proof = this.#proofs.get(id);
    if (proof === undefined) return;
    proof.abort.abort();
    proof.abort = new AbortController();
    if (proof.subject.requestId !== null) proof.subject = { ...proof.subject, bundle: null };
    this.#advance(proof, { kind: "start" });
    void this.#run(proof);
  }

  /** Verifies a copy of the evidence, say a tampered one, without touching any proof. */
  async verifyCopy(evidence: Evidence): Promise<Verdict> {
    return this.#dependencies.verify(evidence, this.#requireTrust());
  }

  async #run(proof: Proof): Promise<void> {
    const { signal } = proof.abort;
    await this.#limit(async () => {
      if (signal.aborted) return;
      const bundle = (await this.#kept(proof)) ?? (await this.#fetch(proof, signal));
      if (bundle !== null && !signal.aborted) await this.#verify(proof, bundle, signal);
    });
  }

  /** The bundle that is here already, unless another one has to be fetched that can be checked now. */
  async #kept({ subject: { bundle, requestId } }: Proof): Promise<Uint8Array<ArrayBuffer> | null> {
    const trust = this.#dependencies.trust.get().pinned?.bytes;
    if (bundle === null || requestId === null || trust === undefined) return bundle;
    try {
      return (await this.#dependencies.canCheck(bundle, trust)) ? bundle : null;
    } catch {
      // What is wrong with it is told when it is verified.
      return bundle;
    }
  }

  async #fetch(proof: Proof, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | null> {
    const { requestId } = proof.subject;
    if (requestId === null) {
      this.#advance(proof, { kind: "fault", fault: { code: "NO_RECEIPT", reason: "The answer named no request." } });
      return null;
    }
    try {
      const bundle = await this.#dependencies.fetchBundle(requestId, signal);
      proof.subject = { ...proof.subject, bundle };
      this.#dependencies.onBundle(proof.subject, bundle);
      return bundle;
    } catch (error) {
      const fault = faultOf(error);
      if (fault !== undefined) this.#advance(proof, { kind: "fault", fault });
      this.#scheduleRetry(proof, signal);
      return null;
    }
  }

  async #verify(proof: Proof, bundle: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void> {
    this.#advance(proof, { kind: "bundle" });
    try {
      const verdict = await this.#dependencies.verify({ ...proof.subject, bundle }, this.#requireTrust());
      if (!signal.aborted) this.#advance(proof, { kind: "verdict", verdict });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) this.#advance(proof, { kind: "unable", reason });
    }
  }

  #scheduleRetry(proof: Proof, signal: AbortSignal): void {
    const state = proof.state.get();
    if (state.kind !== "waiting") return;
    const cancel = this.#dependencies.schedule(() => {
      this.#advance(proof, { kind: "retry" });
      void this.#run(proof);
    }, state.retryMs);
    signal.addEventListener("abort", cancel, { once: true });
  }

  #advance(proof: Proof, event: ProofEvent): void {
    proof.state.update((state) => nextProofState(state, event));
  }

  #requireTrust(): Uint8Array {
    const trust = this.#dependencies.trust.get().pinned?.bytes;
    if (trust === undefined) throw new Error("No trust file is pinned yet, so nothing can be checked.");
    return trust;
  }

  /** A verdict under anchors that no longer count is no verdict. */
  #trustChanged(): void {
    const bytes = this.#dependencies.trust.get().pinned?.bytes;
    if (bytes === this.#trustBytes) return;
    this.#trustBytes = bytes;
    for (const proof of this.#proofs.values()) {
      const { kind } = proof.state.get();
      if (kind !== "judged" && kind !== "unable" && kind !== "verifying") continue;
      proof.abort.abort();
      proof.abort = new AbortController();
      this.#advance(proof, { kind: "start" });
      void this.#run(proof);
    }
  }

  #evict(): void {
    for (const [id, proof] of this.#proofs) {
      if (this.#proofs.size <= proofsMax) return;
      proof.abort.abort();
      this.#proofs.delete(id);
    }
  }
}
