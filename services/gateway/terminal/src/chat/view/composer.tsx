import { ArrowUp, Square } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useMedia } from "../../controls/use-media.ts";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { turnsMax } from "../conversation.ts";
import { AutoTextArea } from "./auto-text-area.tsx";
import styles from "./composer.module.css";
import { ModelSelect } from "./model-select.tsx";
import { OptionsPopover } from "./options-popover.tsx";
import { PriceBefore } from "./price-before.tsx";
import { RoutingPopover } from "./routing-popover.tsx";
import { useChatModel } from "./use-chat-model.ts";

/** Where a question is written: with its model, its routing, and its price before it is sent. */
export function Composer({ onSend }: { readonly onSend: (prompt: string) => void }) {
  const { chat } = useTerminal();
  const [text, setText] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  const running = useStore(chat.running);
  const { model } = useChatModel();
  const isTouch = useMedia("(pointer: coarse)");
  const { id: conversationId, turns } = useStore(chat.current);
  const isFull = turns.length >= turnsMax;
  useEffect(() => {
    if (!isTouch) area.current?.focus({ preventScroll: true });
  }, [conversationId, isTouch]);
  const canSend = text.trim() !== "" && running === null && model !== null && !isFull;
  const submit = (event?: FormEvent): void => {
    event?.preventDefault();
    if (!canSend) return;
    onSend(text.trim());
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key === "Escape" && running !== null) chat.stop();
    // While a word is being composed Enter chooses it; on a phone it is the only way to a new line.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || isTouch) return;
    event.preventDefault();
    submit();
  };
  return (
    <div className={styles.place}>
      <form className={styles.composer} onSubmit={submit}>
        <div className={styles.line}>
          <AutoTextArea
            label="Your question"
            placeholder="Ask something…"
            value={text}
            onChange={setText}
            onKeyDown={onKeyDown}
            areaRef={area}
            testId="chat-input"
          />
          {running === null ? (
            <button
              type="submit"
              className={styles.send}
              disabled={!canSend}
              aria-label="Send"
              title="Send"
              data-testid="chat-send"
            >
              <ArrowUp size={19} strokeWidth={2.25} aria-hidden />
            </button>
          ) : (
            <button
              type="button"
              className={styles.send}
              onClick={() => chat.stop()}
              aria-label="Stop the answer"
              title="Stop the answer"
              data-testid="chat-stop"
            >
              <Square size={14} fill="currentColor" aria-hidden />
            </button>
          )}
        </div>
        <div className={styles.bar}>
          <div className={styles.choices}>
            <ModelSelect />
            <RoutingPopover />
            <OptionsPopover />
          </div>
          <PriceBefore prompt={text} />
        </div>
      </form>
      {isFull && <p className={styles.problem}>This conversation is full. Start a new one.</p>}
      <StorageProblem />
    </div>
  );
}

function StorageProblem() {
  const { chat } = useTerminal();
  const problem = useStore(chat.storageProblem);
  if (problem === null) return null;
  return (
    <p className={styles.problem} role="alert">
      This conversation can not be kept in the browser: {problem}
    </p>
  );
}
