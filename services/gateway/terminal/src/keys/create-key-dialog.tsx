import { type FormEvent, useState } from "react";
import { Button } from "../controls/button.tsx";
import { Checkbox } from "../controls/checkbox.tsx";
import { CopyButton } from "../controls/copy-button.tsx";
import { Dialog, DialogActions } from "../controls/dialog.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { TextField } from "../controls/field.tsx";
import { type CreatedApiKey, type Scope, scopes } from "../gateway/api-keys.ts";
import type { AdminCall } from "../gateway/gateway-client.ts";
import { useTerminal } from "../terminal-context.ts";
import styles from "./keys.module.css";
import { type DraftProblems, emptyDraft, type NewKeyDraft, readDraft } from "./new-key-draft.ts";
import { useAdminAction } from "./use-admin-action.ts";

const scopeTexts: Record<Scope, string> = {
  inference: "Ask, and pay from its budget",
  receipts: "Read its receipts and their proofs",
  admin: "Make, fund and revoke keys",
};

interface CreateKeyDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly call: (signal: AbortSignal) => AdminCall;
  readonly onCreated: () => void;
}

/** Makes a key; its text is shown this once. */
export function CreateKeyDialog({ open, onClose, call, onCreated }: CreateKeyDialogProps) {
  const [created, setCreated] = useState<CreatedApiKey | null>(null);
  const close = (): void => {
    onClose();
    setCreated(null);
  };
  if (created !== null) return <CreatedDialog created={created} open={open} onClose={close} />;
  const onMade = (key: CreatedApiKey): void => {
    setCreated(key);
    onCreated();
  };
  return (
    <Dialog open={open} onClose={close} title="New key" description="It spends from a budget of its own.">
      <CreateForm call={call} onCreated={onMade} onCancel={close} />
    </Dialog>
  );
}

function CreateForm({
  call,
  onCreated,
  onCancel,
}: {
  readonly call: CreateKeyDialogProps["call"];
  readonly onCreated: (key: CreatedApiKey) => void;
  readonly onCancel: () => void;
}) {
  const { gateway, now, newId } = useTerminal();
  const [draft, setDraft] = useState<NewKeyDraft>(emptyDraft);
  const [problems, setProblems] = useState<DraftProblems>({});
  // One form is one key, even if the answer to the first try was lost.
  const [creation] = useState(newId);
  const { isRunning, fault, run } = useAdminAction(call);
  const change = (part: Partial<NewKeyDraft>): void => setDraft((each) => ({ ...each, ...part }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const read = readDraft(draft, now());
    setProblems("problems" in read ? read.problems : {});
    if ("key" in read) run(async (admin) => onCreated(await gateway.createApiKey(read.key, creation, admin)));
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextField
        label="Name"
        autoFocus
        maxLength={120}
        value={draft.name}
        error={problems.name ?? null}
        onChange={(event) => change({ name: event.target.value })}
        data-testid="key-name"
      />
      <div className={styles.pair}>
        <TextField
          label="Budget, in credits"
          inputMode="decimal"
          value={draft.budget}
          error={problems.budget ?? null}
          onChange={(event) => change({ budget: event.target.value })}
          data-testid="key-budget"
        />
        <TextField
          label="Requests per minute"
          inputMode="numeric"
          placeholder="no limit"
          value={draft.requestsPerMinute}
          error={problems.requestsPerMinute ?? null}
          onChange={(event) => change({ requestsPerMinute: event.target.value })}
        />
      </div>
      <TextField
        label="Last day"
        type="date"
        value={draft.expiresOn}
        error={problems.expiresOn ?? null}
        description="Nothing: until it is revoked."
        onChange={(event) => change({ expiresOn: event.target.value })}
      />
      <ScopeChoice chosen={draft.scopes} problem={problems.scopes} onChange={(chosen) => change({ scopes: chosen })} />
      {fault !== null && <FaultNotice fault={fault} />}
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" disabled={isRunning} data-testid="key-create-submit">
          Make the key
        </Button>
      </DialogActions>
    </form>
  );
}

function ScopeChoice({
  chosen,
  problem,
  onChange,
}: {
  readonly chosen: readonly Scope[];
  readonly problem: string | undefined;
  readonly onChange: (chosen: Scope[]) => void;
}) {
  return (
    <fieldset className={styles.scopes}>
      <legend>It may</legend>
      {scopes.map((scope) => (
        <Checkbox
          key={scope}
          label={scopeTexts[scope]}
          note={<code>{scope}</code>}
          checked={chosen.includes(scope)}
          onChange={(isIn) => onChange(scopes.filter((each) => (each === scope ? isIn : chosen.includes(each))))}
        />
      ))}
      {problem !== undefined && <p className={styles.problem}>{problem}</p>}
    </fieldset>
  );
}

function CreatedDialog({
  created,
  open,
  onClose,
}: {
  readonly created: CreatedApiKey;
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`“${created.name}” is ready`}
      description="This is the only time the key is shown. Only a hash of it is kept."
    >
      <p className={styles.secret}>
        <code data-testid="created-key">{created.key}</code>
      </p>
      <DialogActions>
        <CopyButton text={created.key} label="Copy the key" withText />
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
