import { ShieldAlert } from "lucide-react";
import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { Dialog, DialogActions } from "../controls/dialog.tsx";
import { shortMomentText } from "../controls/time-text.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import styles from "./trust.module.css";
import { type TrustChange, trustDifference } from "./trust-difference.ts";
import type { PinnedTrust, TrustFile } from "./trust-pin.ts";

/** Loud when the gateway publishes another trust file than the one that is pinned: nothing changes until the person says so. */
export function TrustBanner() {
  const { trust } = useTerminal();
  const { pinned, offered } = useStore(trust.state);
  const [open, setOpen] = useState(false);
  if (pinned === null || offered === null) return null;
  const accept = (): void => {
    // The banner outlives the change: the next one must not open by itself.
    setOpen(false);
    trust.accept();
  };
  return (
    <div className={styles.banner} role="alert" data-testid="trust-changed">
      <ShieldAlert size={20} aria-hidden />
      <p>
        <strong>The network's trust file has changed.</strong> Answers are still checked against the one of{" "}
        {shortMomentText(pinned.pinnedAt)}.
      </p>
      <Button small onClick={() => setOpen(true)}>
        Review
      </Button>
      <TrustChangeDialog
        open={open}
        onClose={() => setOpen(false)}
        pinned={pinned}
        offered={offered}
        onAccept={accept}
      />
    </div>
  );
}

interface TrustChangeProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly pinned: PinnedTrust;
  readonly offered: TrustFile;
  readonly onAccept: () => void;
}

function TrustChangeDialog({ open, onClose, pinned, offered, onAccept }: TrustChangeProps) {
  const changes = trustDifference(pinned.summary, offered.summary);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Another trust file"
      wide
      description="Whoever is in this file can make answers verify. Accept it only if you know why it changed: compare the fingerprint with one that you got elsewhere."
    >
      <ul className={styles.changes}>
        {changes.map((change) => (
          <Change key={`${change.change} ${change.what} ${change.text}`} change={change} />
        ))}
      </ul>
      <p className={styles.fingerprint}>
        New fingerprint <code>{offered.summary.fingerprint}</code>
      </p>
      <DialogActions>
        <Button onClick={onClose}>Keep the pinned one</Button>
        <Button look="danger" onClick={onAccept} data-testid="trust-accept">
          Accept the new file
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Change({ change: { change, what, text } }: { readonly change: TrustChange }) {
  return (
    <li data-change={change}>
      <strong>
        {what} {change}
      </strong>
      <code>{text}</code>
    </li>
  );
}
