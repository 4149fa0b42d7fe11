import { type FormEvent, useState } from "react";
import { Button } from "../controls/button.tsx";
import { TextField } from "../controls/field.tsx";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { maskKey } from "./api-key-store.ts";
import styles from "./key-form.module.css";

/** Shows which key is in use, and takes another. */
export function KeyForm({ onUsed }: { readonly onUsed?: () => void }) {
  const { apiKey } = useTerminal();
  const key = useStore(apiKey);
  const [text, setText] = useState("");
  const [isRefused, setRefused] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const used = apiKey.use(text);
    setRefused(!used);
    if (!used) return;
    setText("");
    onUsed?.();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {key !== null && (
        <p className={styles.current}>
          In use: <code>{maskKey(key)}</code>
          <Button small look="quiet" onClick={apiKey.forget}>
            Forget it
          </Button>
        </p>
      )}
      <div className={styles.line}>
        <TextField
          label={key === null ? "Key" : "Another key"}
          className={styles.field as string}
          mono
          placeholder="sk-koinon-…"
          autoComplete="off"
          spellCheck={false}
          value={text}
          error={isRefused ? "A key starts with sk-koinon- and is one word." : null}
          onChange={(event) => setText(event.target.value)}
          data-testid="key-input"
        />
        <Button type="submit" look="primary" disabled={text.trim() === ""} data-testid="key-use">
          Use it
        </Button>
      </div>
    </form>
  );
}
