import { accounts, keys } from "../genesis.ts";
import type { Observations, Target } from "../target.ts";
import { createFoundryProject, type FoundryProject } from "./foundry-project.ts";

const sender = ["--private-key", keys[0] as string] as const;
const fees = ["--gas-price", "20gwei", "--priority-gas-price", "1gwei"] as const;
const other = accounts[1];

/** cast and forge: compile, deploy, send, read, trace, and a script that broadcasts. */
export async function runFoundry(target: Target, seen: Observations): Promise<void> {
  const project = await createFoundryProject(target);
  try {
    const ledger = await create(project, seen);
    await send(project, ledger, seen);
    await read(project, ledger, seen);
    await broadcast(project, target, seen);
  } finally {
    await project.remove();
  }
}

async function create({ forge, cast }: FoundryProject, seen: Observations): Promise<string> {
  const args = ["src/Ledger.sol:Ledger", "--broadcast", "--json", ...sender, ...fees, "--constructor-args", "2"];
  const created = parse(await forge("create", ...args)) as { deployedTo: string; transactionHash: string };
  seen.see("created", created);
  seen.see("receipt", comparable(await cast("receipt", created.transactionHash, "--json")));
  return created.deployedTo;
}

async function send({ cast }: FoundryProject, ledger: string, seen: Observations): Promise<void> {
  const enter = ["send", ledger, "enter(uint256,string)", "5", "by cast", "--json", ...sender, ...fees];
  seen.see("sent", comparable(await cast(...enter)));
  seen.see("coin", comparable(await cast("send", other, "--value", "1ether", "--json", ...sender, ...fees)));
  seen.see(
    "legacy",
    comparable(await cast("send", other, "--value", "1", "--legacy", "--json", ...sender, "--gas-price", "20gwei")),
  );
  const failing = ["send", ledger, "fail()", "--gas-limit", "60000", "--json", ...sender, ...fees];
  seen.see("failed", comparable(await cast(...failing)));
  const tooSmall = ["call", ledger, "enter(uint256,string)(uint256)", "1", "x"];
  await seen.seeFailure("too small", () => cast(...tooSmall), revertOf);
  await seen.seeFailure("always", () => cast("estimate", ledger, "fail()"), revertOf);
}

async function read({ cast }: FoundryProject, ledger: string, seen: Observations): Promise<void> {
  seen.see("total", await cast("call", ledger, "total()(uint256)"));
  seen.see("entry", await cast("call", ledger, "entries(address)(uint256)", accounts[0]));
  seen.see("estimate", await cast("estimate", ledger, "enter(uint256,string)", "5", "x", "--from", accounts[0]));
  seen.see("slot", await cast("storage", ledger, "0"));
  seen.see("code", (await cast("code", ledger)).length);
  seen.see("numbers", [
    await cast("chain-id"),
    await cast("block-number"),
    await cast("balance", other),
    await cast("nonce", accounts[0]),
    await cast("block", "1", "--field", "gasUsed"),
  ]);
  const logs = parse(await cast("logs", "--address", ledger, "--from-block", "0", "--json")) as {
    data: string;
    topics: string[];
  }[];
  seen.see(
    "logs",
    logs.map(({ data, topics }) => ({ data, topics })),
  );
  const [sent] = parse(await cast("logs", "--address", ledger, "--from-block", "0", "--json")) as {
    transactionHash: string;
  }[];
  const hash = sent?.transactionHash as string;
  const transaction = parse(await cast("tx", hash, "--json")) as Record<string, unknown>;
  seen.see("transaction", {
    nonce: transaction.nonce,
    input: transaction.input,
    gasPrice: transaction.gasPrice,
    type: transaction.type,
  });
  seen.see("raw", await cast("tx", hash, "--raw"));
  // Executes what came before once more, in cast's own machine, on state that it reads from the node.
  const replayed = await cast("run", hash, "--quick");
  seen.see("replayed", /Gas used: (\d+)/.exec(replayed)?.[1]);
  const accessList = parse(await cast("access-list", ledger, "total()", "--json")) as { accessList: unknown };
  seen.see("access list", accessList.accessList);
  const proof = parse(await cast("proof", ledger, "0")) as { storageHash: string; codeHash: string };
  seen.see("proof", [proof.storageHash, proof.codeHash]);
}

async function broadcast({ forge, cast }: FoundryProject, { http }: Target, seen: Observations): Promise<void> {
  const before = BigInt(await cast("block-number"));
  const prices = ["--with-gas-price", "20gwei", "--priority-gas-price", "1gwei"];
  const script = ["script", "script/Enter.s.sol:Enter", "--rpc-url", http, "--broadcast", "--slow"];
  const output = await forge(...script, ...sender, ...prices);
  seen.see("script", /ONCHAIN EXECUTION COMPLETE & SUCCESSFUL/.test(output));
  const logs = parse(await cast("logs", "--from-block", (before + 1n).toString(), "--json")) as {
    data: string;
    address: string;
  }[];
  seen.see(
    "entries by script",
    logs.map(({ address, data }) => ({ address, data })),
  );
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

function comparable(text: string): unknown {
  const receipt = parse(text) as Record<string, unknown> & { logs: Record<string, unknown>[] };
  const { status, gasUsed, cumulativeGasUsed, effectiveGasPrice, contractAddress, transactionHash, blockNumber, type } =
    receipt;
  const logs = receipt.logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, logIndex }));
  return {
    status,
    gasUsed,
    cumulativeGasUsed,
    effectiveGasPrice,
    contractAddress,
    transactionHash,
    blockNumber,
    type,
    logs,
  };
}

/** What cast says of a revert: code, reason and data as the node gave them. */
function revertOf(error: unknown): unknown {
  const text = String((error as { stderr?: string }).stderr ?? error);
  return { reverted: /execution reverted/.test(text), data: /data: "(0x[0-9a-f]*)"/.exec(text)?.[1] };
}
