import { developmentChain } from "@koinon/node/development-chain";
import type { ReadyLine } from "@koinon/node/ready-line";

/** What a person reads when the network is ready: where the Terminal and the chain are, a key, and requests to paste. */
export function readyText(ready: ReadyLine): string {
  const { url, apiKey, terminal, dataDir, model } = ready;
  const body = JSON.stringify({
    model,
    messages: [{ role: "user", content: "The capital of France is" }],
    temperature: 0,
  });
  const chain = chainText(ready);
  return `
  Koinon is running.   Ctrl-C stops it; nothing is lost.

  Terminal   ${terminal}
  API        ${url}/v1   (OpenAI clients: this is the base URL)
  Key        ${apiKey}
  Data       ${dataDir}${chain.facts}

  Try it:

    curl ${url}/v1/chat/completions \\
      -H "authorization: Bearer ${apiKey}" \\
      -H "content-type: application/json" \\
      -d '${body}'
${chain.lines}`;
}

/** The shard's part, when there is one: where it is, and lines for its command line and for viem. */
function chainText({ rpc, ws, chainId, dataDir }: ReadyLine): { readonly facts: string; readonly lines: string } {
  if (rpc === undefined) return { facts: "", lines: "" };
  const keyFile = `${dataDir}/${developmentChain.keyFile}`;
  return {
    facts: `
  Chain      ${rpc}   (an Ethereum node's JSON-RPC, also ${ws}; chain id ${chainId})
             its funded key is ${keyFile}; the coin is worth nothing`,
    lines: `
    cast send 0x000000000000000000000000000000000000dEaD --value 1ether \\
      --rpc-url ${rpc} --private-key $(cat ${keyFile})

    createWalletClient({ transport: http("${rpc}") })   // viem
`,
  };
}
