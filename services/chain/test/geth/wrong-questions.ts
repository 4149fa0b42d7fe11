import type { Hex } from "@koinon/secp256k1/hex";

const nowhere = `0x${"12".repeat(32)}`;

/** Messages that are no request, or no proper one. */
export const wrongMessages: readonly string[] = [
  ...["{", "null", "1", "[]", "[1]", "[[]]", '"x"', "{}"],
  '{"jsonrpc":"2.0"}',
  '{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}',
  '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}',
  '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":"x"}',
  '{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}',
  '{"jsonrpc":"2.0","id":1,"method":5}',
  '{"jsonrpc":"2.0","id":1,"method":""}',
  '{"jsonrpc":"2.0","id":1,"method":"eth"}',
  '{"jsonrpc":"2.0","id":1.5,"method":"eth_chainId"}',
  JSON.stringify(Array.from({ length: 1_001 }, (_, id) => ({ jsonrpc: "2.0", id, method: "eth_chainId" }))),
];

/** Questions with something wrong in them, about an account and a block that are there. */
export function wrongQuestions(account: Hex, block: Hex): readonly (readonly [method: string, ...params: unknown[]])[] {
  return [
    ...wrongBlocks(account, block),
    ...wrongCalls(account),
    ["eth_getBalance"],
    ["eth_getBalance", "0x12", "latest"],
    ["eth_getBalance", `${account}00`, "latest"],
    ["eth_getBalance", account, "latest", 1],
    ["eth_getTransactionByHash", "0x12"],
    ["eth_getTransactionReceipt", nowhere],
    ["eth_getRawTransactionByHash", nowhere],
    ["eth_getRawTransactionByBlockNumberAndIndex", "0x99", "0x0"],
    ["eth_getTransactionByBlockHashAndIndex", block, "0x999"],
    ["eth_getProof", account, [], "0x99"],
    ["eth_getStorageAt", account, "0xg", "latest"],
    ["eth_getStorageAt", account, `0x${"1".repeat(65)}`, "latest"],
    ["eth_getLogs", { fromBlock: "0x2", toBlock: "0x1" }],
    ["eth_getLogs", { blockHash: block, fromBlock: "0x1" }],
    ["eth_newFilter", { fromBlock: "0x5", toBlock: "0x1" }],
    ["eth_newFilter", { fromBlock: "pending" }],
    ["eth_getFilterChanges", "0x1"],
    ["eth_getFilterChanges", "zz"],
    ["eth_getFilterLogs", "0x1"],
    ["eth_uninstallFilter", "zz"],
    ["eth_subscribe", "newHeads"],
    ["eth_feeHistory", 1, "latest", [101]],
    ["eth_feeHistory", 1, "latest", [-1]],
    ["eth_feeHistory", 1, "latest", [50, 10]],
    ["eth_feeHistory", 1, "latest", new Array(101).fill(1)],
    ["eth_feeHistory", 1, "0x99", []],
    ["eth_sendRawTransaction", "0x"],
    ["eth_sendRawTransaction", "0xf8"],
    ["eth_sendRawTransaction", `0x${"ff".repeat(100)}`],
    ["eth_sendRawTransaction", "0x7f01"],
    ["debug_getRawHeader", "0x99"],
    ["debug_getRawBlock", "0x99"],
    ["debug_getRawReceipts", "0x99"],
    ["debug_traceTransaction", nowhere],
    ["debug_traceBlockByNumber", "0x99"],
    ["debug_traceBlockByNumber", "0x0"],
    ["eth_simulateV1", { blockStateCalls: [] }, "latest"],
    ["eth_config", 1],
  ];
}

function wrongBlocks(account: Hex, block: Hex): readonly [string, ...unknown[]][] {
  return [
    ...["0x", "0x01", "-1", "1", "newest", "", "0xfffff", "0x8000000000000000", "0x1ffffffffffffffff", nowhere],
    ...[{}, { blockNumber: "0x1", blockHash: block }, { blockNumber: "0x99" }, { blockHash: nowhere }],
  ].map((at) => ["eth_getBalance", account, at]);
}

function wrongCalls(to: Hex): readonly [string, ...unknown[]][] {
  const stranger = `0x${"99".repeat(20)}`;
  const messages: readonly object[] = [
    { to, gasPrice: "0x1", maxFeePerGas: "0x1" },
    { to, chainId: "0x1" },
    { to, gas: "0x1" },
    { from: stranger, to, value: "0x1" },
  ];
  return [
    ...messages.map((message): [string, ...unknown[]] => ["eth_call", message, "latest"]),
    ["eth_call", { to }, "0x99"],
    ["eth_call", { to }, "latest", {}, {}, {}],
    ["eth_estimateGas", { from: to, to, gas: "0x1" }],
    ["eth_estimateGas", { from: to, to, gas: "0x5207" }],
    ["eth_estimateGas", { from: to, to, gasPrice: "0xffffffffffffffffffffff" }],
    ["eth_estimateGas", { to }, "0x99"],
    ["eth_estimateGas", { from: stranger, to, gasPrice: "0x3b9aca00" }],
    ["eth_estimateGas", { from: stranger, to, value: "0x1", maxFeePerGas: "0x3b9aca00" }],
    [
      "debug_traceCall",
      { to },
      "latest",
      { tracer: "prestateTracer", tracerConfig: { diffMode: true, includeEmpty: true } },
    ],
  ];
}
