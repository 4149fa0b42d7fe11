import type { EmbeddingInput } from "../engine/generator.ts";
import { refuseUnknown } from "./output-tokens.ts";
import { RequestReader } from "./request-reader.ts";
import { readTexts } from "./text-inputs.ts";

/** An embedding request, checked. */
export interface EmbeddingRequest {
  readonly inputs: readonly EmbeddingInput[];
  readonly format: "float" | "base64";
  /** The length of vector asked for; other lengths than the model's own are refused. */
  readonly dimensions: number | undefined;
}

const inputsMax = 2048;

/** Checks an embedding request body; throws ApiError. */
export function readEmbeddingRequest(body: Record<string, unknown>): EmbeddingRequest {
  const request = new RequestReader(body);
  refuseUnknown(request, ["model", "input", "encoding_format", "dimensions"]);
  request.required("model", request.string("model"));
  const inputs = readTexts(request, "input", inputsMax);
  if (inputs.includes("")) throw request.invalid("input", "an input is empty.", "invalid_value");
  return {
    inputs,
    format: request.oneOf("encoding_format", ["float", "base64"]) ?? "float",
    dimensions: request.integer("dimensions", 1, 2 ** 20),
  };
}
