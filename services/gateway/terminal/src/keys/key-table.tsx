import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { TableFrame } from "../controls/table-frame.tsx";
import { shortMomentText } from "../controls/time-text.ts";
import { formatCredits } from "../credits/amount.ts";
import type { ApiKey } from "../gateway/api-keys.ts";
import type { AdminCall } from "../gateway/gateway-client.ts";
import { DepositDialog } from "./deposit-dialog.tsx";
import styles from "./keys.module.css";
import { RevokeDialog } from "./revoke-dialog.tsx";
import { WithdrawDialog } from "./withdraw-dialog.tsx";

interface KeyTableProps {
  readonly keys: readonly ApiKey[];
  readonly call: (signal: AbortSignal) => AdminCall;
  readonly onChanged: () => void;
}

/** Every key with its budget, and what an administrator can do with it. */
export function KeyTable({ keys, call, onChanged }: KeyTableProps) {
  const [open, setOpen] = useState<{ readonly dialog: "deposit" | "revoke" | "withdraw"; readonly key: ApiKey } | null>(
    null,
  );
  const close = (): void => setOpen(null);
  return (
    <>
      <TableFrame label="Keys">
        <thead>
          <tr>
            <th>Key</th>
            <th>May</th>
            <th data-number>Available</th>
            <th data-number>Spent</th>
            <th data-number>Per minute</th>
            <th>Made</th>
            <th>
              <span className={styles.spoken}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <Row
              key={key.id}
              apiKey={key}
              onDeposit={() => setOpen({ dialog: "deposit", key })}
              onRevoke={() => setOpen({ dialog: "revoke", key })}
              onWithdraw={() => setOpen({ dialog: "withdraw", key })}
            />
          ))}
        </tbody>
      </TableFrame>
      {open?.dialog === "deposit" && <DepositDialog apiKey={open.key} onClose={close} call={call} onDone={onChanged} />}
      {open?.dialog === "revoke" && <RevokeDialog apiKey={open.key} onClose={close} call={call} onDone={onChanged} />}
      {open?.dialog === "withdraw" && (
        <WithdrawDialog apiKey={open.key} onClose={close} call={call} onDone={onChanged} />
      )}
    </>
  );
}

interface RowProps {
  readonly apiKey: ApiKey;
  readonly onDeposit: () => void;
  readonly onRevoke: () => void;
  readonly onWithdraw: () => void;
}

function Row({ apiKey, onDeposit, onRevoke, onWithdraw }: RowProps) {
  const { name, prefix, scopes, budget, requestsPerMinute, createdAt, expiresAt, revokedAt } = apiKey;
  const isRevoked = revokedAt !== null;
  return (
    <tr data-testid="key-row" data-revoked={isRevoked || undefined} className={isRevoked ? styles.revoked : undefined}>
      <td>
        <strong className={styles.name}>{name}</strong>
        <small>
          <code>{prefix}…</code>
        </small>
      </td>
      <td data-label="May" className={styles.scopes}>
        {scopes.join(", ")}
      </td>
      <td data-number data-label="Available">
        {budget === null ? "unknown" : formatCredits(budget.available)}
      </td>
      <td data-number data-label="Spent">
        {budget === null ? "unknown" : formatCredits(budget.spent)}
      </td>
      <td data-number data-label="Requests per minute">
        {requestsPerMinute ?? "no limit"}
      </td>
      <td data-label="Made">
        <span>
          {shortMomentText(createdAt)}
          {revokedAt !== null && <small>revoked {shortMomentText(revokedAt)}</small>}
          {revokedAt === null && expiresAt !== null && <small>until {shortMomentText(expiresAt)}</small>}
        </span>
      </td>
      <td>
        {!isRevoked && (
          <span className={styles.actions}>
            <Button small onClick={onDeposit} aria-label={`Deposit to ${name}`}>
              Deposit
            </Button>
            <Button small look="danger" onClick={onRevoke} aria-label={`Revoke ${name}`}>
              Revoke
            </Button>
          </span>
        )}
        {/* Unknown is worth asking for: the gateway knows. */}
        {isRevoked && budget?.available !== 0n && (
          <span className={styles.actions}>
            <Button small onClick={onWithdraw} aria-label={`Withdraw from ${name}`}>
              Withdraw
            </Button>
          </span>
        )}
      </td>
    </tr>
  );
}
