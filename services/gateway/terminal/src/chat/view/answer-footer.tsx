import { ChevronLeft, ChevronRight, RotateCcw } from "lucide-react";
import { IconButton } from "../../controls/button.tsx";
import { CopyButton } from "../../controls/copy-button.tsx";
import { durationText } from "../../controls/time-text.ts";
import { formatCredits } from "../../credits/amount.ts";
import type { ReadableStore } from "../../state/store.ts";
import { useStore } from "../../state/use-store.ts";
import { endingOf } from "../../terminal.ts";
import { useTerminal } from "../../terminal-context.ts";
import { AnswerMark } from "../../verification/answer-mark.tsx";
import type { ProofState } from "../../verification/proof-state.ts";
import { costOf } from "../answer-cost.ts";
import type { Reading } from "../answer-stream/reading.ts";
import type { Answer, Turn } from "../conversation.ts";
import styles from "./answer-footer.module.css";

interface AnswerFooterProps {
  readonly turn: Turn;
  readonly answer: Answer;
  readonly reading: Reading;
  readonly onRegenerate: () => void;
}

/** Mark, who answered, what it cost, and what can be done with it. */
export function AnswerFooter({ turn, answer, reading, onRegenerate }: AnswerFooterProps) {
  const { proofs, chat } = useTerminal();
  const proof = proofs.stateOf(answer.id);
  const isBusy = useStore(chat.running) !== null;
  return (
    <footer className={styles.footer}>
      {proof !== undefined && <AnswerMark proofId={answer.id} state={proof} ending={endingOf(answer)} />}
      <p className={styles.facts}>
        {answer.head?.providerName && <span>{answer.head.providerName}</span>}
        {proof === undefined ? null : <Cost answer={answer} reading={reading} proof={proof} />}
        {answer.endedAt !== null && <span>{durationText(answer.endedAt - answer.askedAt)}</span>}
      </p>
      <div className={styles.tools}>
        {turn.answers.length > 1 && <Versions turn={turn} />}
        <CopyButton text={reading.text} label="Copy answer" />
        <IconButton small label="Answer again" onClick={onRegenerate} disabled={isBusy} data-testid="regenerate">
          <RotateCcw size={15} aria-hidden />
        </IconButton>
      </div>
    </footer>
  );
}

function Cost({
  answer,
  reading,
  proof,
}: {
  readonly answer: Answer;
  readonly reading: Reading;
  readonly proof: ReadableStore<ProofState>;
}) {
  const { models } = useTerminal();
  const offers = useStore(models.state).value ?? [];
  const cost = costOf(answer, reading, useStore(proof), offers);
  if (cost === null) return null;
  const title = cost.source === "receipt" ? "As the verified receipt says" : "By stated usage and quoted price";
  return (
    <span title={title} data-testid="answer-cost" data-source={cost.source}>
      {formatCredits(cost.fee)} cr
    </span>
  );
}

function Versions({ turn }: { readonly turn: Turn }) {
  const { chat } = useTerminal();
  const last = turn.answers.length - 1;
  return (
    <span className={styles.versions}>
      <IconButton
        small
        label="Answer before"
        disabled={turn.chosen === 0}
        onClick={() => chat.choose(turn.id, turn.chosen - 1)}
      >
        <ChevronLeft size={16} aria-hidden />
      </IconButton>
      {turn.chosen + 1} / {turn.answers.length}
      <IconButton
        small
        label="Answer after"
        disabled={turn.chosen === last}
        onClick={() => chat.choose(turn.id, turn.chosen + 1)}
      >
        <ChevronRight size={16} aria-hidden />
      </IconButton>
    </span>
  );
}
