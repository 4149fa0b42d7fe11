import { Pencil } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../../controls/button.tsx";
import { CopyButton } from "../../controls/copy-button.tsx";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { chosenAnswer, type Turn } from "../conversation.ts";
import { AnswerView } from "./answer-view.tsx";
import { PromptEditor } from "./prompt-editor.tsx";
import styles from "./turn-view.module.css";

/** A question and its answer. */
export function TurnView({ turn, onAsked }: { readonly turn: Turn; readonly onAsked: () => void }) {
  const { chat } = useTerminal();
  const [isEditing, setEditing] = useState(false);
  const isBusy = useStore(chat.running) !== null;
  const answer = chosenAnswer(turn);
  const resend = (prompt: string): void => {
    setEditing(false);
    void chat.editAndResend(turn.id, prompt);
    onAsked();
  };
  return (
    <article className={styles.turn} aria-label={turn.prompt.slice(0, 80)}>
      {isEditing ? (
        <PromptEditor prompt={turn.prompt} isBusy={isBusy} onResend={resend} onCancel={() => setEditing(false)} />
      ) : (
        <div className={styles.question}>
          <p className={styles.prompt} data-testid="prompt">
            {turn.prompt}
          </p>
          <div className={styles.tools}>
            <IconButton small label="Edit and ask again" onClick={() => setEditing(true)}>
              <Pencil size={15} aria-hidden />
            </IconButton>
            <CopyButton text={turn.prompt} label="Copy question" />
          </div>
        </div>
      )}
      {answer !== undefined && <AnswerView turn={turn} answer={answer} onAsked={onAsked} />}
    </article>
  );
}
