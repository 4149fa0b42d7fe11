import type { Logger } from "./logger.ts";

/** One step of an orderly end. */
export interface Phase {
  readonly name: string;
  /** How long it may take; then its signal aborts, and after a short grace the next phase begins. */
  readonly timeoutMs: number;
  run(signal: AbortSignal): Promise<void>;
}

// What a phase gets to react to its signal.
const graceMs = 1_000;

/** Runs the phases one after the other; a phase that fails or takes too long is logged and does not keep the others from running. */
export async function runPhases(
  phases: readonly Phase[],
  deps: { readonly log: Logger; monotonicMs(): number },
): Promise<{ readonly clean: boolean }> {
  let clean = true;
  for (const phase of phases) {
    const startedMs = deps.monotonicMs();
    const outcome = await runPhase(phase);
    const facts = { phase: phase.name, durationMs: Math.round(deps.monotonicMs() - startedMs) };
    if (outcome === "done") {
      deps.log.info(facts, "shutdown phase done");
    } else {
      clean = false;
      deps.log.warn(
        outcome === "late" ? facts : { ...facts, err: outcome.error },
        `shutdown phase ${outcome === "late" ? "out of time" : "failed"}`,
      );
    }
  }
  return { clean };
}

async function runPhase(phase: Phase): Promise<"done" | "late" | { error: unknown }> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => {
      controller.abort();
      timer = setTimeout(() => resolve("late"), graceMs);
    }, phase.timeoutMs);
  });
  const run = phase.run(controller.signal).then(
    () => (controller.signal.aborted ? "late" : "done") as "late" | "done",
    (error: unknown) => ({ error }),
  );
  const outcome = await Promise.race([run, late]);
  clearTimeout(timer);
  return outcome;
}
