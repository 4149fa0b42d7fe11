import { type FormEvent, type KeyboardEvent, useState } from "react";
import { Button } from "../../controls/button.tsx";
import { AutoTextArea } from "./auto-text-area.tsx";
import styles from "./prompt-editor.module.css";

interface PromptEditorProps {
  readonly prompt: string;
  readonly isBusy: boolean;
  readonly onResend: (prompt: string) => void;
  readonly onCancel: () => void;
}

/** Changes a question that was asked; what came after it goes. */
export function PromptEditor({ prompt, isBusy, onResend, onCancel }: PromptEditorProps) {
  const [text, setText] = useState(prompt);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() !== "" && !isBusy) onResend(text.trim());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onCancel();
  };
  return (
    <form className={styles.editor} onSubmit={submit}>
      <AutoTextArea label="Question" value={text} onChange={setText} onKeyDown={onKeyDown} autoFocus />
      <div className={styles.line}>
        <span>What came after this question is replaced.</span>
        <Button small onClick={onCancel}>
          Cancel
        </Button>
        <Button small look="primary" type="submit" disabled={isBusy || text.trim() === ""}>
          Ask again
        </Button>
      </div>
    </form>
  );
}
