import type { Hex } from "@koinon/secp256k1/hex";
import type { CheckpointFinding } from "./checkpoint.ts";
import type { AskedBlock, Evidence } from "./evidence.ts";
import type { TrustSummary } from "./trust-file.ts";
import type { Verdict } from "./verdict.ts";
import type { WorkerAnswers, WorkerRequest, WorkerResponse, WorkerTask } from "./worker-protocol.ts";

/** The part of a Worker that is used. */
export interface WorkerPort {
  postMessage(message: WorkerRequest): void;
  addEventListener(type: "message", listener: (event: MessageEvent<WorkerResponse>) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  terminate(): void;
}

interface Waiting {
  resolve(answer: WorkerAnswers[WorkerTask["kind"]]): void;
  reject(error: Error): void;
}

/** The worker could not do what it was asked: no verdict, neither good nor bad. */
export class VerifierError extends Error {
  override readonly name = "VerifierError";
}

const tasksMax = 64;

/** Verifies in a worker. The worker starts with the first task, and again after it has crashed. */
export class Verifier {
  readonly #createWorker: () => WorkerPort;
  readonly #waiting = new Map<number, Waiting>();
  #worker: WorkerPort | undefined;
  #nextId = 0;

  constructor(createWorker: () => WorkerPort) {
    this.#createWorker = createWorker;
  }

  /** Verifies against a trust file's bytes. Rejects with VerifierError when it can not be done, never for a bad proof. */
  verify(evidence: Evidence, trust: Uint8Array, asked: AskedBlock | null): Promise<Verdict> {
    return this.#perform({ kind: "verify", evidence, trust, asked });
  }

  /** The block of a bundle's anchor that the trust file does not name; null when there is none to ask for. */
  findAnchorBlock(bundle: Uint8Array, trust: Uint8Array): Promise<Hex | null> {
    return this.#perform({ kind: "find-anchor-block", bundle, trust });
  }

  /** What a trust file says; rejects with VerifierError when it is none. */
  readTrust(trust: Uint8Array): Promise<TrustSummary> {
    return this.#perform({ kind: "read-trust", trust });
  }

  inspectCheckpoint(checkpoint: string, trust: Uint8Array): Promise<CheckpointFinding> {
    return this.#perform({ kind: "inspect-checkpoint", checkpoint, trust });
  }

  #perform<K extends WorkerTask["kind"]>(task: Extract<WorkerTask, { kind: K }>): Promise<WorkerAnswers[K]> {
    if (this.#waiting.size >= tasksMax) return Promise.reject(new VerifierError("Too many verifications wait."));
    this.#nextId += 1;
    const id = this.#nextId;
    return new Promise((resolve, reject) => {
      // The worker answers a task with what its kind promises.
      this.#waiting.set(id, { resolve: (answer) => resolve(answer as WorkerAnswers[K]), reject });
      this.#start().postMessage({ id, task });
    });
  }

  #start(): WorkerPort {
    if (this.#worker !== undefined) return this.#worker;
    const worker = this.#createWorker();
    worker.addEventListener("message", ({ data }) => this.#settle(data));
    worker.addEventListener("error", () => this.#crash());
    this.#worker = worker;
    return worker;
  }

  #settle(response: WorkerResponse): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if ("error" in response) waiting?.reject(new VerifierError(response.error));
    else waiting?.resolve(response.answer);
  }

  #crash(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new VerifierError("The verification did not run in this browser."));
  }
}
