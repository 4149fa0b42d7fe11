import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "../../controls/button.tsx";
import popup from "../../controls/popup.module.css";
import { useStore } from "../../state/use-store.ts";
import type { OpenProof } from "../../terminal.ts";
import { useTerminal } from "../../terminal-context.ts";
import styles from "./proof-panel.module.css";
import { ProofView } from "./proof-view.tsx";

/** The proof that is open: beside the page where there is room, over it where there is not. */
export function ProofPanel({ isBeside }: { readonly isBeside: boolean }) {
  const { openProof } = useTerminal();
  const open = useStore(openProof);
  const shown = useLast(open);
  const close = (): void => openProof.set(null);
  if (shown === null) return null;
  return (
    <Dialog.Root
      open={open !== null}
      onOpenChange={(next) => !next && close()}
      modal={!isBeside}
      disablePointerDismissal={isBeside}
    >
      <Dialog.Portal>
        {!isBeside && <Dialog.Backdrop className={popup.backdrop} />}
        <Dialog.Popup className={styles.panel} data-testid="proof-panel">
          <header className={styles.header}>
            <Dialog.Title className={styles.title}>Proof</Dialog.Title>
            <Dialog.Close render={<IconButton label="Close the proof" small />}>
              <X size={18} aria-hidden />
            </Dialog.Close>
          </header>
          <ProofView key={shown.proofId} proof={shown} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The last proof that was open: what is seen while the panel fades out. */
function useLast(open: OpenProof | null): OpenProof | null {
  const [last, setLast] = useState(open);
  useEffect(() => {
    if (open !== null) setLast(open);
  }, [open]);
  return open ?? last;
}
