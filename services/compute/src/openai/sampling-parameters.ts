import type { Sampling } from "../engine/generator.ts";
import { unsupportedParameter } from "./api-error.ts";
import type { RequestReader } from "./request-reader.ts";

/** What chat and completion requests have in common, checked. */
export interface CommonParameters {
  readonly model: string;
  readonly choices: number;
  readonly sampling: Sampling;
  readonly stop: readonly string[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

const choicesMax = 8;
const stopsMax = 16;
const stopLengthMax = 256;
const seedCount = 2 ** 32;

export function readCommonParameters(request: RequestReader): CommonParameters {
  if (Object.keys((request.raw("logit_bias") ?? {}) as object).length > 0) {
    throw unsupportedParameter("logit_bias", "is not supported by this model");
  }
  const stream = request.boolean("stream") ?? false;
  const streamOptions = request.object("stream_options");
  if (streamOptions !== undefined && !stream) {
    throw request.invalid("stream_options", "only allowed when 'stream' is true.", "invalid_value");
  }
  const temperature = request.number("temperature", 0, 2);
  const topP = request.number("top_p", 0, 1);
  const seed = request.integer("seed", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return {
    model: request.required("model", request.string("model")),
    choices: request.integer("n", 1, choicesMax) ?? 1,
    sampling: {
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { topP }),
      frequencyPenalty: request.number("frequency_penalty", -2, 2) ?? 0,
      presencePenalty: request.number("presence_penalty", -2, 2) ?? 0,
      ...(seed === undefined ? {} : { seed: ((seed % seedCount) + seedCount) % seedCount }),
    },
    stop: readStop(request),
    stream,
    includeUsage: streamOptions?.boolean("include_usage") ?? false,
  };
}

function readStop(request: RequestReader): readonly string[] {
  const raw = request.raw("stop");
  const stops = typeof raw === "string" ? [raw] : (request.array("stop", stopsMax) ?? []);
  for (const stop of stops) {
    if (typeof stop !== "string")
      throw request.invalid("stop", "expected a string or an array of strings.", "invalid_type");
    if (stop.length === 0 || stop.length > stopLengthMax) {
      throw request.invalid("stop", `stop texts have 1 to ${stopLengthMax} characters.`, "invalid_value");
    }
  }
  return stops as readonly string[];
}
