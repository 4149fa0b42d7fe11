import { developmentChain } from "@koinon/node/development-chain";
import type { ReadyLine } from "@koinon/node/ready-line";

/** What a person reads when the network is ready: where the Terminal is, a key, and a request to paste. */
export function readyText(ready: ReadyLine): string {
  const { url, apiKey, terminal, dataDir, model } = ready;
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
  Data       ${dataDir}${chainText(ready)}

  Try it:

    curl ${url}/v1/chat/completions \\
      -H "authorization: Bearer ${apiKey}" \\
      -H "content-type: application/json" \\
      -d '${body}'
`;
}

/** The shard's part, when there is one: where it is, and lines to paste for its command line and for viem. */
function chainText({ rpc, ws, chainId, dataDir }: ReadyLine): string {
  if (rpc === undefined) return "";
  const keyFile = `${dataDir}/${developmentChain.keyFile}`;
  return `

  Chain      ${rpc}   (${ws}; chain id ${chainId}; any Ethereum tool works)
  Funded key ${keyFile}   (development coin, worth nothing)

    cast send --rpc-url ${rpc} --private-key $(cat ${keyFile}) --value 1ether 0x000000000000000000000000000000000000dEaD
    viem: createPublicClient({ transport: http("${rpc}") })`;
}
