import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "../controls/button.tsx";
import { TextField } from "../controls/field.tsx";
import type { GatewayFault } from "../gateway/fault.ts";
import { isApiKey } from "../session/api-key-store.ts";
import styles from "./keys.module.css";

/** Says why keys can not be shown, and how they can. */
export function AdminNotice({
  fault,
  onAdminKey,
}: {
  readonly fault: GatewayFault;
  readonly onAdminKey: (key: string) => void;
}) {
  const [text, setText] = useState("");
  const trimmed = text.trim();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isApiKey(trimmed)) onAdminKey(trimmed);
  };
  return (
    <div className={styles.notice} data-testid="admin-needed">
      <KeyRound size={20} aria-hidden />
      <div>
        <strong>{fault.code === "KEY_REFUSED" ? "This key was refused" : "This takes an administrator's key"}</strong>
        <p>
          {fault.code === "NOT_ALLOWED" && `The key in use, ${fault.reason} `}On the machine that runs the network,{" "}
          <code>npx koinon key create</code> makes keys with the administrator's credential from the data folder. An
          administrator's key entered here is used until you leave this page and is not kept.
        </p>
        <form className={styles.line} onSubmit={submit}>
          <TextField
            label="Administrator's key"
            type="password"
            mono
            autoComplete="off"
            placeholder="sk-koinon-…"
            value={text}
            error={trimmed === "" || isApiKey(trimmed) ? null : "A key starts with sk-koinon- and is one word."}
            onChange={(event) => setText(event.target.value)}
            data-testid="admin-key"
          />
          <Button type="submit" look="primary" disabled={!isApiKey(trimmed)} data-testid="admin-key-use">
            Use it here
          </Button>
        </form>
      </div>
    </div>
  );
}
