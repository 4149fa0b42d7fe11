import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { Dialog, DialogActions } from "../controls/dialog.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { formatCredits } from "../credits/amount.ts";
import { useTerminal } from "../terminal-context.ts";
import type { KeyDialogProps } from "./deposit-dialog.tsx";
import { useAdminAction } from "./use-admin-action.ts";

/** Takes back what is left of a revoked key's budget. */
export function WithdrawDialog({ apiKey, onClose, call, onDone }: KeyDialogProps) {
  const { gateway, newId } = useTerminal();
  // One dialog is one withdrawal: pressing twice, or again after a lost answer, takes once.
  const [requestId] = useState(newId);
  const { isRunning, fault, run } = useAdminAction(call);
  const { budget } = apiKey;
  const withdraw = (): void =>
    run(async (admin) => {
      await gateway.withdraw(apiKey.id, requestId, admin);
      onDone();
      onClose();
    });
  return (
    <Dialog open onClose={onClose} title={`Withdraw what “${apiKey.name}” has left?`} description={describe(budget)}>
      {fault !== null && <FaultNotice fault={fault} />}
      <DialogActions>
        <Button onClick={onClose}>Leave it</Button>
        <Button look="primary" onClick={withdraw} disabled={isRunning} data-testid="withdraw-confirm">
          {budget === null ? "Withdraw" : `Withdraw ${formatCredits(budget.available)} credits`}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function describe(budget: KeyDialogProps["apiKey"]["budget"]): string {
  const rule = "The key is revoked, so nobody can spend it any more. What was spent stays spent.";
  if (budget === null || budget.reserved === 0n) return rule;
  return `${rule} ${formatCredits(budget.reserved)} credits are reserved by requests under way and stay until these end.`;
}
