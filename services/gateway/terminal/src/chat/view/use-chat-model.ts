import type { Model } from "../../gateway/offers.ts";
import type { ResourceState } from "../../state/resource.ts";
import { useResource } from "../../state/use-resource.ts";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { chooseModel } from "../chat-question.ts";

const refreshMs = 30_000;

/** The chat models on offer and the one that will be asked. */
export interface ChatModel {
  readonly models: readonly Model[];
  readonly model: Model | null;
  readonly state: ResourceState<Model[]>;
}

/** Follows the offers and the choice. */
export function useChatModel(): ChatModel {
  const terminal = useTerminal();
  const state = useResource(terminal.models, refreshMs);
  const settings = useStore(terminal.settings);
  const models = (state.value ?? []).filter(({ kind }) => kind === "chat");
  return { models, model: chooseModel(models, settings.model), state };
}
