import { FaultNotice } from "../controls/fault-notice.tsx";
import { Figures } from "../controls/figures.tsx";
import { formatCredits } from "../credits/amount.ts";
import { maskKey } from "../session/api-key-store.ts";
import { KeyForm } from "../session/key-form.tsx";
import { useResource } from "../state/use-resource.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import styles from "./keys.module.css";

const refreshMs = 10_000;

/** What the key in use may still spend. */
export function OwnBudget() {
  const { budget, apiKey } = useTerminal();
  const { value, fault } = useResource(budget, refreshMs);
  const key = useStore(apiKey);
  if (key === null) {
    return (
      <div className={styles.form}>
        <KeyForm />
      </div>
    );
  }
  return (
    <>
      <p className={styles.inUse}>
        Key in use: <code>{maskKey(key)}</code>
      </p>
      {fault !== null && <FaultNotice fault={fault} />}
      {value !== null && (
        <Figures
          figures={[
            { label: "Available", value: formatCredits(value.available), note: "credits" },
            { label: "Spent", value: formatCredits(value.spent), note: "for settled receipts" },
            { label: "Reserved", value: formatCredits(value.reserved), note: "for answers under way" },
            { label: "Put in", value: formatCredits(value.limit), note: "since the key was made" },
          ]}
        />
      )}
    </>
  );
}
