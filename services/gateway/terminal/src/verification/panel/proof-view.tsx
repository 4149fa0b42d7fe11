import { useState } from "react";
import { Button } from "../../controls/button.tsx";
import { FaultNotice } from "../../controls/fault-notice.tsx";
import { createStore } from "../../state/store.ts";
import { useStore } from "../../state/use-store.ts";
import type { OpenProof } from "../../terminal.ts";
import { useTerminal } from "../../terminal-context.ts";
import type { Evidence } from "../evidence.ts";
import { type Mark, markOf, whatFails } from "../mark-state.ts";
import { firstProofState, type ProofState } from "../proof-state.ts";
import type { ProofSubject } from "../proofs.ts";
import { type ArcStatus, Ring } from "../ring.tsx";
import type { PinnedTrust } from "../trust-pin.ts";
import type { Verdict } from "../verdict.ts";
import { allStepNames } from "../verdict-steps.ts";
import { ProofFacts } from "./proof-facts.tsx";
import { ProofFiles } from "./proof-files.tsx";
import styles from "./proof-view.module.css";
import { StepList } from "./step-list.tsx";
import { TamperBench } from "./tamper-bench.tsx";

const nothingYet = createStore<ProofState>(firstProofState);

/** Everything about one proof: the verdict, what it is about, every step, and a way to break it. */
export function ProofView({ proof: { proofId, ending } }: { readonly proof: OpenProof }) {
  const { proofs, trust } = useTerminal();
  const { pinned } = useStore(trust.state);
  const state = useStore(proofs.stateOf(proofId) ?? nothingYet);
  const [tampered, setTampered] = useState<Verdict | null>(null);
  const subject = proofs.subjectOf(proofId);
  const verdict = state.kind === "judged" ? state.verdict : null;
  const shown = tampered ?? verdict;
  const evidence = evidenceOf(subject);
  return (
    <div className={styles.body} data-tampered={tampered !== null || undefined}>
      <Headline
        mark={tampered === null ? markOf(state, ending) : tamperedMark(tampered)}
        verdict={shown}
        state={state}
      />
      {state.kind === "gave-up" && <FaultNotice fault={state.fault} />}
      {verdict === null && state.kind !== "fetching" && state.kind !== "verifying" && subject?.requestId && (
        <Button className={styles.again} onClick={() => proofs.again(proofId)}>
          Check again now
        </Button>
      )}
      {verdict !== null && verdict.facts !== null && tampered === null && (
        <ProofFacts facts={verdict.facts} receiptId={verdict.receiptId} />
      )}
      {verdict !== null && evidence !== null && <TamperBench evidence={evidence} onVerdict={setTampered} />}
      {shown !== null && <StepList steps={shown.steps} />}
      {verdict !== null && tampered === null && subject?.requestId && awaitsAnchor(verdict, pinned) && (
        <div className={styles.anchor}>
          <p>
            The step about the anchor is open, which is usual: a little after a checkpoint of the log is signed it is
            also written to a chain, its anchor, where nobody can take it back unseen. When this proof was fetched that
            was still to come. Everything else holds without it.
          </p>
          <Button className={styles.again} onClick={() => proofs.again(proofId)} data-testid="fetch-anchor">
            Ask again, with its anchor
          </Button>
        </div>
      )}
      {evidence !== null && <ProofFiles evidence={evidence} block={verdict?.block ?? null} />}
    </div>
  );
}

function Headline({
  mark,
  verdict,
  state,
}: {
  readonly mark: Mark;
  readonly verdict: Verdict | null;
  readonly state: ProofState;
}) {
  const isChecking = state.kind === "fetching" || state.kind === "verifying";
  return (
    <div className={styles.headline} data-state={mark.state}>
      <Ring arcs={arcsOf(verdict)} size={76} thickness={8} isTurning={isChecking} />
      <div>
        <h2 data-testid="proof-verdict" data-state={mark.state}>
          {mark.label}
        </h2>
        <p>{mark.detail}</p>
      </div>
    </div>
  );
}

function arcsOf(verdict: Verdict | null): ArcStatus[] {
  return allStepNames.map((name) => verdict?.steps.find((step) => step.name === name)?.status ?? "open");
}

function tamperedMark(verdict: Verdict): Mark {
  if (verdict.valid) {
    return { state: "verified", label: "Still verifies", detail: "This change does not touch what is proved." };
  }
  return { state: "failed", label: "Does not verify", detail: whatFails(verdict) };
}

/** Checkpoints are anchored some time after they are signed, so the first bundle of an answer is without. */
function awaitsAnchor({ valid, steps }: Verdict, pinned: PinnedTrust | null): boolean {
  const isOpen = steps.some(({ name, status }) => name === "anchor" && status === "skipped");
  return valid && isOpen && pinned !== null && pinned.summary.chains.length > 0;
}

function evidenceOf(subject: ProofSubject | undefined): Evidence | null {
  return subject === undefined || subject.bundle === null ? null : { ...subject, bundle: subject.bundle };
}
