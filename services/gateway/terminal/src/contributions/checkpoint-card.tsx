import { buttonClass } from "../controls/button.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { ShortHex } from "../controls/short-hex.tsx";
import { groupThousands } from "../credits/amount.ts";
import { MarkGlyph } from "../verification/mark-glyph.tsx";
import styles from "./contributions.module.css";
import { useCheckpoint } from "./use-checkpoint.ts";

/** What the log has signed last, checked with the pinned key in this browser. */
export function CheckpointCard() {
  const { finding, fault } = useCheckpoint();
  if (finding === null) return fault === null ? <p>Asking for it…</p> : <FaultNotice fault={fault} />;
  if (finding.kind === "unreadable") {
    return (
      <p className={styles.verdict} data-signed="false">
        <MarkGlyph state="failed" /> The checkpoint can not be read: {finding.reason}
      </p>
    );
  }
  const { origin, size, root, signers, isSigned, reason } = finding;
  return (
    <div className={styles.checkpoint} data-testid="checkpoint" data-signed={isSigned}>
      <dl>
        <dt>Log</dt>
        <dd>{origin}</dd>
        <dt>Entries</dt>
        <dd>{groupThousands(String(size))}</dd>
        <dt>Root hash</dt>
        <dd>
          <ShortHex value={root} ends={12} />
        </dd>
        <dt>Signed by</dt>
        <dd>{signers.join(", ")}</dd>
        <dt>Checked</dt>
        <dd>
          <span className={styles.verdict} data-signed={isSigned}>
            <MarkGlyph state={isSigned ? "verified" : "failed"} size={18} /> {reason}
          </span>
        </dd>
      </dl>
      <div className={styles.links}>
        <a className={buttonClass({ small: true })} href="/log/checkpoint" target="_blank" rel="noopener">
          Open the signed note
        </a>
      </div>
    </div>
  );
}
