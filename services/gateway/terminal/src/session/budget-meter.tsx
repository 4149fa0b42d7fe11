import { Meter } from "@base-ui/react/meter";
import { formatCredits, formatCreditsShort } from "../credits/amount.ts";
import type { Budget } from "../gateway/budget.ts";
import { useResource } from "../state/use-resource.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import styles from "./budget-meter.module.css";

const refreshMs = 20_000;

/** What is left of the key's budget, always in view. */
export function BudgetMeter({ compact = false }: { readonly compact?: boolean }) {
  const { budget, apiKey } = useTerminal();
  const { value } = useResource(budget, refreshMs);
  const hasKey = useStore(apiKey) !== null;
  if (!hasKey) return compact ? null : <p className={styles.none}>No key, no budget.</p>;
  if (value === null) return compact ? null : <p className={styles.none}>Budget unknown</p>;
  if (compact) {
    return (
      <span className={styles.compact} title={sentence(value)} data-testid="budget">
        {formatCreditsShort(value.available)} cr
      </span>
    );
  }
  return <FullMeter budget={value} />;
}

function FullMeter({ budget }: { readonly budget: Budget }) {
  const left = shareOf(budget);
  return (
    <Meter.Root
      className={styles.meter}
      value={left}
      max={100}
      aria-valuetext={sentence(budget)}
      title={sentence(budget)}
      data-testid="budget"
    >
      <Meter.Label className={styles.label}>Budget</Meter.Label>
      <span className={styles.amount}>{formatCreditsShort(budget.available)} cr left</span>
      <Meter.Track className={styles.track}>
        <Meter.Indicator className={styles.indicator} data-low={left < 10 || undefined} />
      </Meter.Track>
    </Meter.Root>
  );
}

/** Percent of the limit that is left. */
function shareOf({ limit, available }: Budget): number {
  return limit === 0n ? 0 : Number((available * 10_000n) / limit) / 100;
}

function sentence({ limit, spent, reserved, available }: Budget): string {
  const parts = [
    `${formatCredits(available)} of ${formatCredits(limit)} credits left`,
    `${formatCredits(spent)} spent`,
  ];
  if (reserved > 0n) parts.push(`${formatCredits(reserved)} reserved`);
  return parts.join(", ");
}
