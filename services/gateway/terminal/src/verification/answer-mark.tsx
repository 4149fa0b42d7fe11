import type { ReadableStore } from "../state/store.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import styles from "./mark.module.css";
import { MarkGlyph } from "./mark-glyph.tsx";
import { type AnswerEnding, type Mark, markOf } from "./mark-state.ts";
import type { ProofState } from "./proof-state.ts";

/** The mark of an answer; it opens the proof. */
export function AnswerMark({
  proofId,
  state,
  ending,
}: {
  readonly proofId: string;
  readonly state: ReadableStore<ProofState>;
  readonly ending: AnswerEnding;
}) {
  const terminal = useTerminal();
  const mark = markOf(useStore(state), ending);
  const isOpen = useStore(terminal.openProof)?.proofId === proofId;
  return (
    <MarkButton
      mark={mark}
      isOpen={isOpen}
      onOpen={() => terminal.openProof.set(isOpen ? null : { proofId, ending })}
    />
  );
}

function MarkButton({
  mark,
  isOpen,
  onOpen,
}: {
  readonly mark: Mark;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}) {
  return (
    <button
      type="button"
      className={styles.mark}
      data-testid="answer-mark"
      data-state={mark.state}
      aria-expanded={isOpen}
      aria-haspopup="dialog"
      title={`${mark.detail} Open the proof.`}
      onClick={onOpen}
    >
      <MarkGlyph state={mark.state} />
      {mark.label}
    </button>
  );
}
