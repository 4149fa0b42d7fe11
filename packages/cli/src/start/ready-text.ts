import type { ReadyLine } from "@koinon/node/ready-line";

/** What a person reads when the network is ready: where the Terminal is, a key, and a request to paste. */
export function readyText({ url, apiKey, terminal, dataDir, model }: ReadyLine): string {
  const body = JSON.stringify({
    model,
    messages: [{ role: "user", content: "The capital of France is" }],
    temperature: 0,
  });
  return `
  Koinon is running.   Ctrl-C stops it; nothing is lost.

  Terminal   ${terminal}
  API        ${url}/v1   (OpenAI clients: this is the base URL)
  Key        ${apiKey}
  Data       ${dataDir}

  Try it:

    curl ${url}/v1/chat/completions \\
      -H "authorization: Bearer ${apiKey}" \\
      -H "content-type: application/json" \\
      -d '${body}'
`;
}
