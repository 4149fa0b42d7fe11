import { CircleAlert, CircleStop, RotateCcw } from "lucide-react";
import { Button } from "../../controls/button.tsx";
import { FaultNotice } from "../../controls/fault-notice.tsx";
import { describeFault } from "../../gateway/fault-text.ts";
import { AnswerText } from "../../markdown/answer-text.tsx";
import { KeyForm } from "../../session/key-form.tsx";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { Ring } from "../../verification/ring.tsx";
import type { Reading } from "../answer-stream/reading.ts";
import type { Answer, Turn } from "../conversation.ts";
import { AnswerFooter } from "./answer-footer.tsx";
import styles from "./answer-view.module.css";
import { useSecondsUntil } from "./use-seconds-until.ts";

const waitingArcs = ["open", "open", "open", "open", "open", "open"] as const;

/** An answer as it is: being waited for, being written, complete, or what else became of it. */
export function AnswerView({
  turn,
  answer,
  onAsked,
}: {
  readonly turn: Turn;
  readonly answer: Answer;
  readonly onAsked: () => void;
}) {
  const { chat } = useTerminal();
  const reading = useStore(chat.readings.of(answer.id));
  const isWriting = answer.state === "waiting" || answer.state === "streaming";
  const regenerate = (): void => {
    void chat.regenerate(turn.id);
    onAsked();
  };
  return (
    <div className={styles.answer} data-state={answer.state} aria-busy={isWriting}>
      {answer.turnsLeftOut > 0 && <LeftOut turns={answer.turnsLeftOut} />}
      {reading.reasoning !== "" && (
        <details className={styles.reasoning}>
          <summary>Thoughts before the answer</summary>
          <p>{reading.reasoning}</p>
        </details>
      )}
      <div data-testid="answer" data-state={answer.state} className={styles.text}>
        {reading.text !== "" && <AnswerText text={reading.text} isComplete={!isWriting} />}
      </div>
      {isWriting && reading.text === "" && <Waiting answer={answer} />}
      <Ending answer={answer} reading={reading} onAgain={regenerate} />
      {!isWriting && answer.state !== "refused" && (
        <AnswerFooter turn={turn} answer={answer} reading={reading} onRegenerate={regenerate} />
      )}
      <p className={styles.spoken} role="status">
        {spokenState(answer)}
      </p>
    </div>
  );
}

function Waiting({ answer }: { readonly answer: Answer }) {
  const provider = answer.head?.providerName;
  return (
    <p className={styles.waiting}>
      <Ring arcs={waitingArcs} size={18} thickness={11} isTurning />
      {provider ? `${provider} is reading the question…` : "Looking for a provider…"}
    </p>
  );
}

/** Says so when an answer is anything but whole. */
function Ending({
  answer,
  reading,
  onAgain,
}: {
  readonly answer: Answer;
  readonly reading: Reading;
  readonly onAgain: () => void;
}) {
  if (answer.state === "refused" && answer.fault !== null) {
    const { remedy } = describeFault(answer.fault);
    return (
      <FaultNotice fault={answer.fault}>
        {remedy === "key" ? <KeyForm onUsed={onAgain} /> : <TryAgain onAgain={onAgain} notBefore={retryAt(answer)} />}
      </FaultNotice>
    );
  }
  if (answer.state === "broken") {
    return (
      <div className={styles.ending} data-kind="broken" role="alert" data-testid="answer-broken">
        <CircleAlert size={17} aria-hidden />
        <p>
          <strong>This answer broke off.</strong> {answer.reason} What stands here is not a complete answer.
        </p>
        <TryAgain onAgain={onAgain} />
      </div>
    );
  }
  if (answer.state === "stopped") {
    return (
      <div className={styles.ending} data-testid="answer-stopped">
        <CircleStop size={17} aria-hidden />
        <p>You stopped this answer. What was written until then is charged.</p>
      </div>
    );
  }
  if (answer.state === "complete" && reading.finishReason === "length") {
    return (
      <div className={styles.ending} data-testid="answer-length">
        <CircleAlert size={17} aria-hidden />
        <p>The answer reached its longest allowed length. A larger allowance is under “Options”.</p>
      </div>
    );
  }
  return null;
}

function TryAgain({ onAgain, notBefore = null }: { readonly onAgain: () => void; readonly notBefore?: number | null }) {
  const { chat } = useTerminal();
  const isBusy = useStore(chat.running) !== null;
  const seconds = useSecondsUntil(notBefore);
  return (
    <Button small onClick={onAgain} disabled={isBusy || seconds > 0}>
      <RotateCcw size={14} aria-hidden /> {seconds > 0 ? `Ask again in ${seconds} s` : "Ask again"}
    </Button>
  );
}

/** When asking again may succeed, as the gateway said. */
function retryAt({ fault, endedAt }: Answer): number | null {
  if (fault === null || endedAt === null || !("retryAfterMs" in fault)) return null;
  return endedAt + fault.retryAfterMs;
}

function LeftOut({ turns }: { readonly turns: number }) {
  return (
    <p className={styles.leftOut}>
      The model's context is full: the first {turns === 1 ? "question was" : `${turns} questions were`} not sent along.
    </p>
  );
}

function spokenState({ state }: Answer): string {
  if (state === "waiting") return "Waiting for the answer";
  return state === "complete" ? "The answer is complete" : "";
}
