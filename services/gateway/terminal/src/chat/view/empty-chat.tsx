import { ArrowUpRight } from "lucide-react";
import { KeyForm } from "../../session/key-form.tsx";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { Ring } from "../../verification/ring.tsx";
import { allStepNames } from "../../verification/verdict-steps.ts";
import styles from "./empty-chat.module.css";
import { useChatModel } from "./use-chat-model.ts";

const starters = [
  "How does a Merkle tree prove that an entry is in a log?",
  "Write a function that merges two sorted lists, and say how fast it is.",
  "Three questions to ask before trusting an answer from a machine",
];

/** A conversation that has not begun. */
export function EmptyChat({ onAsk }: { readonly onAsk: (prompt: string) => void }) {
  const { apiKey, chat } = useTerminal();
  const hasKey = useStore(apiKey) !== null;
  const isBusy = useStore(chat.running) !== null;
  const { model, state } = useChatModel();
  const refusal = hasKey && state.fault?.code === "KEY_REFUSED" ? state.fault.reason : null;
  return (
    <section className={styles.empty}>
      <Ring arcs={allStepNames.map(() => "plain")} size={84} thickness={8} />
      <h1>Ask. Then check.</h1>
      <p>
        Independent providers answer here, each at its own price. They sign what they said, the receipt goes into a
        public log, and this page verifies it in your browser: {allStepNames.length} steps, one for each part of the
        ring.
      </p>
      {hasKey && refusal === null ? (
        <ul className={styles.starters} aria-label="To begin with">
          {starters.map((prompt) => (
            <li key={prompt}>
              <button type="button" disabled={isBusy || model === null} onClick={() => onAsk(prompt)}>
                {prompt}
                <ArrowUpRight size={16} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <div className={styles.key}>
          <p role={refusal === null ? undefined : "alert"}>
            {refusal !== null && `The key in use was refused: ${refusal} `}
            To ask, open the link that <code>npm start</code> printed, or enter {hasKey ? "another" : "an"} API key.
          </p>
          <KeyForm />
        </div>
      )}
    </section>
  );
}
