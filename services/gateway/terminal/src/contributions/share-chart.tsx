import { formatCreditsAligned } from "../credits/amount.ts";
import { PartySeal } from "../network/party-seal.tsx";
import styles from "./contributions.module.css";
import { percentText, type Share } from "./shares.ts";

/** A bar for every party, and beside each bar what it says. */
export function ShareChart({ shares }: { readonly shares: readonly Share[] }) {
  const largest = Math.max(...shares.map(({ perMille }) => perMille), 1);
  return (
    <ul className={styles.chart}>
      {shares.map(({ provider, name, fee, perMille }) => (
        <li key={provider}>
          <span className={styles.party}>
            <PartySeal address={provider} size={24} />
            {name ?? "Not registered now"}
          </span>
          <span className={styles.bar} aria-hidden="true">
            <span style={{ width: `${(perMille / largest) * 100}%` }} />
          </span>
          <span className={styles.percent}>{percentText(perMille)}</span>
          <span className={styles.fee}>{formatCreditsAligned(fee)} cr</span>
        </li>
      ))}
    </ul>
  );
}
