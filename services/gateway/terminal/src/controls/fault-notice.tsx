import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { GatewayFault } from "../gateway/fault.ts";
import { describeFault } from "../gateway/fault-text.ts";
import styles from "./fault-notice.module.css";

/** What went wrong, in words, with what helps. */
export function FaultNotice({ fault, children }: { readonly fault: GatewayFault; readonly children?: ReactNode }) {
  const { title, advice } = describeFault(fault);
  return (
    <div className={styles.notice} role="alert" data-testid="fault" data-code={fault.code}>
      <CircleAlert size={18} className={styles.icon} aria-hidden />
      <div className={styles.words}>
        <strong>{title}</strong>
        <p>{advice}</p>
        {children !== undefined && <div className={styles.actions}>{children}</div>}
      </div>
    </div>
  );
}
