import { Check, ChevronDown, Minus, X } from "lucide-react";
import type { VerdictStep } from "../verdict.ts";
import styles from "./step-list.module.css";

const icons = { passed: Check, failed: X, skipped: Minus } as const;
const words = { passed: "passed", failed: "failed", skipped: "not checked" } as const;
const kinds = { network: "network", provider: "provider", log: "log", witness: "witness", chain: "chain" } as const;

/** Every step of a verification: what was checked, what came of it, and on whose word. */
export function StepList({ steps }: { readonly steps: readonly VerdictStep[] }) {
  const passed = steps.filter(({ status }) => status === "passed").length;
  return (
    <section className={styles.steps}>
      <header className={styles.header}>
        <h3>Step by step</h3>
        <span>
          {passed} of {steps.length} passed
        </span>
      </header>
      <ol>
        {steps.map((step) => (
          <Step key={step.name} step={step} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step: { name, title, status, detail, anchors } }: { readonly step: VerdictStep }) {
  const Icon = icons[status];
  return (
    <li data-testid="verification-step" data-step={name} data-status={status}>
      {/* What failed is open from the start: it is what one came for. */}
      <details className={styles.step} key={status} open={status === "failed"}>
        <summary>
          <span className={styles.icon}>
            <Icon size={13} strokeWidth={3} aria-hidden />
          </span>
          <span className={styles.title}>{title}</span>
          <span className={styles.spoken}>, {words[status]}</span>
          <code className={styles.name}>{name}</code>
          <ChevronDown size={15} className={styles.chevron} aria-hidden />
        </summary>
        <div className={styles.detail}>
          <p>{detail}</p>
          {anchors.length > 0 && (
            <ul aria-label="Relies on">
              {anchors.map(({ kind, id, name: anchorName }) => (
                <li key={`${kind} ${id}`}>
                  On the {kinds[kind]} {anchorName} <code>{id}</code>
                  {kind !== "chain" && " of the trust file"}
                </li>
              ))}
            </ul>
          )}
        </div>
      </details>
    </li>
  );
}
