import { Button } from "../controls/button.tsx";
import { Dialog, DialogActions } from "../controls/dialog.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { useTerminal } from "../terminal-context.ts";
import type { KeyDialogProps } from "./deposit-dialog.tsx";
import { useAdminAction } from "./use-admin-action.ts";

/** Ends a key for good. */
export function RevokeDialog({ apiKey, onClose, call, onDone }: KeyDialogProps) {
  const { gateway } = useTerminal();
  const { isRunning, fault, run } = useAdminAction(call);
  const revoke = (): void =>
    run(async (admin) => {
      await gateway.revokeApiKey(apiKey.id, admin);
      onDone();
      onClose();
    });
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Revoke “${apiKey.name}”?`}
      description="Whoever uses this key is refused from then on. It can not be taken back; what it has paid for stays in the log."
    >
      {fault !== null && <FaultNotice fault={fault} />}
      <DialogActions>
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={revoke} disabled={isRunning} data-testid="revoke-confirm">
          Revoke it for good
        </Button>
      </DialogActions>
    </Dialog>
  );
}
