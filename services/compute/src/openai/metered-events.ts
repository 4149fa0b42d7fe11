import type { EngineCall, UsageMeter } from "../engine/answer-engine.ts";
import type { GenerationEvent } from "../engine/generator.ts";
import { ApiError } from "./api-error.ts";

/**
 * Counts units as events pass and ends the answer with `length` before it would cost more than was reserved. Choices that were not
 * reached end empty. With `base` the events of several generations number their choices one after the other.
 */
export async function* meterEvents(
  events: AsyncIterable<GenerationEvent>,
  usage: UsageMeter,
  options: { outputUnitsMax: EngineCall["outputUnitsMax"]; choices: number; base: number },
): AsyncGenerator<GenerationEvent> {
  let finished = 0;
  for await (const event of events) {
    if (event.type === "started") {
      usage.inputUnits += event.promptTokens;
      if (options.outputUnitsMax(usage.inputUnits) < 0) throw reservationTooSmall();
      yield event;
      continue;
    }
    if (usage.outputUnits + event.tokens > options.outputUnitsMax(usage.inputUnits)) {
      for (; finished < options.choices; finished++) {
        yield { type: "finished", choice: options.base + finished, reason: "length", tokens: 0 };
      }
      return;
    }
    usage.outputUnits += event.tokens;
    if (event.type === "finished") finished++;
    yield { ...event, choice: options.base + event.choice };
  }
}

/** The prompt alone costs more than the request may. */
export function reservationTooSmall(): ApiError {
  const message = "The prompt alone would cost more than is reserved for this request.";
  return new ApiError({ status: 400, message, type: "invalid_request_error", param: null, code: "max_fee_too_low" });
}
