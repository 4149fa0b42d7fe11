import { Select, type SelectOption } from "../../controls/select.tsx";
import { groupThousands } from "../../credits/amount.ts";
import type { Model } from "../../gateway/offers.ts";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { useChatModel } from "./use-chat-model.ts";

/** Chooses the model. */
export function ModelSelect() {
  const { settings, apiKey } = useTerminal();
  const { models, model, state } = useChatModel();
  const hasKey = useStore(apiKey) !== null;
  const placeholder = !hasKey
    ? "No key yet"
    : state.value === null && state.fault !== null
      ? "Models unknown"
      : state.isLoading || state.value === null
        ? "Asking for models…"
        : "No chat model on offer";
  return (
    <Select
      quiet
      label="Model"
      testId="model-select"
      value={model?.id ?? null}
      placeholder={placeholder}
      options={models.map(optionOf)}
      onChange={(id) => settings.update((each) => ({ ...each, model: id }))}
    />
  );
}

function optionOf({ id, contextTokens, licence, offers }: Model): SelectOption<string> {
  const healthy = offers.filter(({ state }) => state === "healthy").length;
  const detail = `${groupThousands(String(contextTokens))} tokens of context, ${licence}`;
  return {
    value: id,
    label: id,
    detail,
    note: healthy === 0 ? "nobody" : healthy === 1 ? "1 provider" : `${healthy} providers`,
  };
}
