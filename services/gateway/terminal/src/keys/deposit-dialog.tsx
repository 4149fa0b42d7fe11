import { type FormEvent, useState } from "react";
import { Button } from "../controls/button.tsx";
import { Dialog, DialogActions } from "../controls/dialog.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { TextField } from "../controls/field.tsx";
import { formatCredits, parseCredits } from "../credits/amount.ts";
import type { ApiKey } from "../gateway/api-keys.ts";
import type { AdminCall } from "../gateway/gateway-client.ts";
import { useTerminal } from "../terminal-context.ts";
import styles from "./keys.module.css";
import { amountProblemText } from "./new-key-draft.ts";
import { useAdminAction } from "./use-admin-action.ts";

/** What a dialog about one key gets. */
export interface KeyDialogProps {
  readonly apiKey: ApiKey;
  readonly onClose: () => void;
  readonly call: (signal: AbortSignal) => AdminCall;
  readonly onDone: () => void;
}

/** Puts more into a key's budget. */
export function DepositDialog({ apiKey, onClose, call, onDone }: KeyDialogProps) {
  const { gateway, budget, newId } = useTerminal();
  const [text, setText] = useState("");
  // One dialog is one deposit: pressing twice, or again after a lost answer, pays once.
  const [requestId] = useState(newId);
  const { isRunning, fault, run } = useAdminAction(call);
  const amount = parseCredits(text);
  const isAmount = typeof amount === "bigint" && amount > 0n;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isAmount) return;
    run(async (admin) => {
      await gateway.deposit(apiKey.id, amount, requestId, admin);
      onDone();
      void budget.refresh();
      onClose();
    });
  };
  return (
    <Dialog open onClose={onClose} title={`Deposit to “${apiKey.name}”`}>
      <form className={styles.form} onSubmit={submit}>
        <TextField
          label="Credits"
          inputMode="decimal"
          autoComplete="off"
          value={text}
          error={typeof amount === "string" && amount !== "empty" ? amountProblemText(amount) : null}
          description={apiKey.budget === null ? undefined : `${formatCredits(apiKey.budget.available)} available now.`}
          onChange={(event) => setText(event.target.value)}
        />
        {fault !== null && <FaultNotice fault={fault} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!isAmount || isRunning}>
            {isAmount ? `Deposit ${formatCredits(amount)} credits` : "Deposit"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
