import { describe, expect, test } from "@jest/globals";
import { Verifier, VerifierError, type WorkerPort } from "./verifier.ts";
import type { WorkerRequest, WorkerResponse } from "./worker-protocol.ts";

/** A worker whose answers the test decides. */
class FakeWorker implements WorkerPort {
  readonly requests: WorkerRequest[] = [];
  isTerminated = false;
  #onMessage: ((event: MessageEvent<WorkerResponse>) => void) | undefined;
  #onError: ((event: ErrorEvent) => void) | undefined;

  postMessage(message: WorkerRequest): void {
    this.requests.push(message);
  }

  addEventListener(type: "message" | "error", listener: never): void {
    if (type === "message") this.#onMessage = listener;
    else this.#onError = listener;
  }

  terminate(): void {
    this.isTerminated = true;
  }

  answer(response: WorkerResponse): void {
    this.#onMessage?.({ data: response } as MessageEvent<WorkerResponse>);
  }

  crash(): void {
    this.#onError?.(new Event("error") as ErrorEvent);
  }
}

const summary = {
  fingerprint: "0x1",
  network: "",
  logs: [],
  witnesses: [],
  threshold: 0,
  providers: [],
  chains: [],
  anchorRequired: false,
};
const bytes = new Uint8Array([1]);

describe("verifier", () => {
  test("gives each answer to whoever asked, in any order", async () => {
    const worker = new FakeWorker();
    const verifier = new Verifier(() => worker);
    const [first, second] = [verifier.readTrust(bytes), verifier.readTrust(bytes)];
    const [one, two] = worker.requests.map(({ id }) => id) as [number, number];
    worker.answer({ id: two, answer: { ...summary, fingerprint: "0x2" } });
    worker.answer({ id: one, answer: summary });
    expect([(await first).fingerprint, (await second).fingerprint]).toEqual(["0x1", "0x2"]);
  });

  test("what can not be done is an error, not a verdict", async () => {
    const worker = new FakeWorker();
    const verifier = new Verifier(() => worker);
    const asked = verifier.readTrust(bytes);
    worker.answer({ id: worker.requests[0]?.id ?? 0, error: "no trust file" });
    await expect(asked).rejects.toEqual(new VerifierError("no trust file"));
  });

  test("a worker that crashes fails what waited, and is replaced", async () => {
    const workers: FakeWorker[] = [];
    const verifier = new Verifier(() => {
      workers.push(new FakeWorker());
      return workers.at(-1) as FakeWorker;
    });
    const lost = verifier.readTrust(bytes);
    workers[0]?.crash();
    await expect(lost).rejects.toBeInstanceOf(VerifierError);
    expect(workers[0]?.isTerminated).toBe(true);
    const asked = verifier.readTrust(bytes);
    workers[1]?.answer({ id: workers[1].requests[0]?.id ?? 0, answer: summary });
    expect(await asked).toEqual(summary);
  });

  test("does not queue without end", async () => {
    const verifier = new Verifier(() => new FakeWorker());
    for (let index = 0; index < 64; index += 1) void verifier.readTrust(bytes).catch(() => undefined);
    await expect(verifier.readTrust(bytes)).rejects.toBeInstanceOf(VerifierError);
  });
});
