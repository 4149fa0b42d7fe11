import type { ProviderState } from "../gateway/offers.ts";
import styles from "./network-page.module.css";

const words: Record<ProviderState, string> = {
  healthy: "Healthy",
  draining: "Draining",
  unreachable: "Unreachable",
  failing: "Failing",
};

/** How a provider is doing: in words, by form and by colour. */
export function ProviderStateText({ state, reason = "" }: { readonly state: ProviderState; readonly reason?: string }) {
  return (
    <span>
      <span className={styles.state} data-state={state}>
        {words[state]}
      </span>
      {reason !== "" && <small>{reason.toLowerCase().replaceAll("_", " ")}</small>}
    </span>
  );
}
