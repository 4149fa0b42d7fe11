/** Encodes embeddings as OpenAI's list; base64 is the little-endian float32 bytes. */
export function encodeEmbeddings(
  vectors: readonly Float32Array[],
  options: { format: "float" | "base64"; model: string; inputUnits: number },
): Buffer {
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: options.format === "base64" ? toBase64(vector) : Array.from(vector),
  }));
  const usage = { prompt_tokens: options.inputUnits, total_tokens: options.inputUnits };
  return Buffer.from(JSON.stringify({ object: "list", data, model: options.model, usage }));
}

function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}
