import { Hammer, RotateCcw } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Button } from "../../controls/button.tsx";
import { Select } from "../../controls/select.tsx";
import { useTerminal } from "../../terminal-context.ts";
import type { Evidence } from "../evidence.ts";
import { type Tampered, type TamperPart, type TamperTarget, tamper, tamperParts, tamperTargets } from "../tamper.ts";
import type { Verdict } from "../verdict.ts";
import styles from "./tamper-bench.module.css";

const partLabels: Record<TamperPart, string> = {
  answer: "The answer",
  question: "The question",
  receipt: "The receipt",
  quote: "The price quote",
  manifest: "The model's manifest",
  certificate: "The key certificate",
  openings: "The commitments' openings",
  previous: "The receipt before",
  inclusion: "The proof of inclusion",
  checkpoint: "The log's checkpoint",
  anchor: "The anchor on a chain",
};

interface Choice {
  readonly target: TamperTarget;
  readonly position: number;
}

/** Lets a person change one character of anything in a copy, and see which step notices. */
export function TamperBench({
  evidence,
  onVerdict,
}: {
  readonly evidence: Evidence;
  readonly onVerdict: (verdict: Verdict | null) => void;
}) {
  const [choice, setChoice] = useState<Choice | null>(null);
  const targets = useMemo(() => tamperTargets(evidence), [evidence]);
  const tampered = useMemo(
    () => (choice === null ? null : tamper(evidence, choice.target, choice.position)),
    [evidence, choice],
  );
  useVerdictOf(tampered, onVerdict);
  const choose = (target: TamperTarget | undefined): void => {
    if (target !== undefined) setChoice({ target, position: target.suggested });
  };
  if (choice === null || tampered === null) {
    return (
      <Button
        className={styles.start}
        onClick={() => choose(firstTarget(targets))}
        data-testid="tamper"
        disabled={targets.length === 0}
      >
        <Hammer size={16} aria-hidden /> Tamper with this
      </Button>
    );
  }
  const { target, position } = choice;
  const fields = targets.filter(({ part }) => part === target.part);
  return (
    <section className={styles.bench} aria-label="Tampered copy" data-testid="tamper-bench">
      <header className={styles.header}>
        <h3>A copy with one character changed</h3>
        <Button small onClick={() => setChoice(null)} data-testid="tamper-end">
          <RotateCcw size={14} aria-hidden /> Undo
        </Button>
      </header>
      <div className={styles.selects}>
        <Select
          label="What to change"
          testId="tamper-part"
          value={target.part}
          options={tamperParts
            .filter((part) => targets.some((each) => each.part === part))
            .map((part) => ({ value: part, label: partLabels[part] }))}
          onChange={(part) => choose(bestOf(targets, part))}
        />
        {fields.length > 1 && (
          <Select
            label="Which field"
            testId="tamper-field"
            value={target.id}
            options={fields.map(({ id, field }) => ({ value: id, label: field }))}
            onChange={(id) => choose(fields.find((each) => each.id === id))}
          />
        )}
      </div>
      <Excerpt excerpt={tampered.excerpt} />
      <label className={styles.slider}>
        <span>
          Character {position + 1} of {target.positions}
        </span>
        <input
          type="range"
          min={0}
          max={target.positions - 1}
          value={position}
          onChange={(event) => setChoice({ target, position: Number(event.target.value) })}
          data-testid="tamper-position"
        />
      </label>
    </section>
  );
}

function Excerpt({ excerpt: { before, from, to, after } }: { readonly excerpt: Tampered["excerpt"] }) {
  return (
    <p className={styles.excerpt}>
      <span>{before}</span>
      <del>{from}</del>
      <ins>{to}</ins>
      <span>{after}</span>
    </p>
  );
}

/** Verifies each copy; what comes back late is dropped. */
function useVerdictOf(tampered: Tampered | null, onVerdict: (verdict: Verdict | null) => void): void {
  const { proofs } = useTerminal();
  useEffect(() => {
    if (tampered === null) {
      onVerdict(null);
      return;
    }
    let isWanted = true;
    void proofs.verifyCopy(tampered.evidence).then(
      (verdict) => isWanted && onVerdict(verdict),
      () => isWanted && onVerdict(null),
    );
    return () => {
      isWanted = false;
    };
  }, [tampered, proofs, onVerdict]);
}

function firstTarget(targets: readonly TamperTarget[]): TamperTarget | undefined {
  return targets.find(({ part }) => part === "answer") ?? bestOf(targets, "receipt") ?? targets[0];
}

/** The field of a part that says most when it is changed. */
function bestOf(targets: readonly TamperTarget[], part: TamperPart): TamperTarget | undefined {
  const fields = targets.filter((target) => target.part === part);
  const telling = ["fee", "outputPrice", "name", "key", "hashes.0", "output.digest", "receipt.fee"];
  return fields.find(({ field }) => telling.includes(field)) ?? fields[0];
}
