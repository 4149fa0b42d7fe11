import { formatCredits, groupThousands } from "../../credits/amount.ts";
import { useResource } from "../../state/use-resource.ts";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { expectUsage } from "../chat-question.ts";
import { chosenAnswer } from "../conversation.ts";
import type { Exchanged } from "../request-body.ts";
import { type ExpectedUsage, estimatePrice, type PriceEstimate } from "../routing/price-estimate.ts";
import styles from "./price-before.module.css";
import { useChatModel } from "./use-chat-model.ts";

const refreshMs = 15_000;

/** What the question may cost, and who would get it first, before it is sent. */
export function PriceBefore({ prompt }: { readonly prompt: string }) {
  const terminal = useTerminal();
  const { model, state } = useChatModel();
  const providers = useResource(terminal.providers, refreshMs).value ?? [];
  const budget = useStore(terminal.budget.state).value;
  const settings = useStore(terminal.settings);
  const history = useHistory();
  if (model === null) return <p className={styles.price}>{state.fault === null ? "" : "Prices unknown"}</p>;
  const usage = expectUsage(model, settings, prompt, history);
  const estimate = estimatePrice(model, providers, settings.policy, usage);
  if (estimate.kind === "nobody") {
    return (
      <p className={styles.price} data-warning data-testid="price-before">
        {estimate.leftOut === 0 ? "Nobody offers this model right now" : "Your rules leave nobody to answer"}
      </p>
    );
  }
  const isBeyond = budget !== null && estimate.feeMax > budget.available;
  return (
    <p
      className={styles.price}
      data-warning={isBeyond || undefined}
      title={explain(estimate, usage)}
      data-testid="price-before"
    >
      {isBeyond ? "More than the budget holds: " : ""}at most <strong>{formatCredits(estimate.feeMax)} cr</strong> at{" "}
      {estimate.candidates[0].offer.providerName}
    </p>
  );
}

function useHistory(): Exchanged[] {
  const { chat } = useTerminal();
  const conversation = useStore(chat.current);
  return conversation.turns.flatMap((turn) => {
    const answer = chosenAnswer(turn);
    const text = answer === undefined ? "" : chat.readings.of(answer.id).get().text;
    return text === "" ? [] : [{ prompt: turn.prompt, answer: text }];
  });
}

function explain(estimate: Extract<PriceEstimate, { kind: "quoted" }>, usage: ExpectedUsage): string {
  const tokens = (count: number): string => groupThousands(String(count));
  const lines = [
    `About ${tokens(usage.inputUnits)} tokens of question, up to ${tokens(usage.outputUnitsMax)} of answer, at the prices quoted now.`,
    `From ${formatCredits(estimate.feeMin)} to ${formatCredits(estimate.feeMax)} credits.`,
  ];
  if (estimate.feeMaxAnywhere > estimate.feeMax) {
    lines.push(`Up to ${formatCredits(estimate.feeMaxAnywhere)} should another provider have to take over.`);
  }
  return lines.join("\n");
}
