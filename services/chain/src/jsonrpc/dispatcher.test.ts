import { describe, expect, test } from "@jest/globals";
import { createLogger } from "@koinon/runtime/logger";
import { required } from "./codec/parameter.ts";
import { readQuantity } from "./codec/quantity.ts";
import { Dispatcher, type DispatchLimits } from "./dispatcher.ts";
import { toJsonRpcError } from "./fault-translation.ts";
import { JsonRpcError, serverError } from "./json-rpc-error.ts";
import { type CallContext, createMethodTable, type Method, method } from "./method.ts";

const context: CallContext = { signal: new AbortController().signal, connection: undefined };
const batches: number[] = [];
const counted: string[] = [];

const together: Method = {
  call: ([value]) => value,
  callEach: async (params) => {
    batches.push(params.length);
    return params.map(([value]) => ({ status: "fulfilled", value }));
  },
};

const methods = createMethodTable([
  {
    double: method([required(readQuantity)], ([value]) => `0x${(2n * value).toString(16)}`),
    nothing: method([], () => undefined),
    refuse: method([], () => {
      throw serverError("no");
    }),
    revert: method([], () => {
      throw new JsonRpcError({ code: "EXECUTION_REVERTED", message: "execution reverted", data: "0x01" });
    }),
    crash: method([], () => {
      throw new TypeError("a secret of the program");
    }),
    long: method([], () => "x".repeat(2_000)),
    wait: method([], (_, { signal }) => {
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }),
    together,
  },
]);

function dispatcher(limits: Partial<DispatchLimits> = {}): Dispatcher {
  const log = createLogger({ name: "test", level: "silent", clock: { now: () => 0 } });
  return new Dispatcher(
    { batchMax: 5, responseLengthMax: 10_000, requestTimeoutMs: 5_000, ...limits },
    { methods, log, translate: toJsonRpcError, answered: (name, outcome) => void counted.push(`${name} ${outcome}`) },
  );
}

async function ask(message: unknown, limits?: Partial<DispatchLimits>): Promise<unknown> {
  const answer = await dispatcher(limits).answer(
    typeof message === "string" ? message : JSON.stringify(message),
    context,
  );
  return answer === undefined ? undefined : JSON.parse(answer);
}

const call = (name: string, params?: unknown, id: unknown = 1) => ({ jsonrpc: "2.0", id, method: name, params });
const error = (code: number, message: string, id: unknown = 1) => ({ jsonrpc: "2.0", id, error: { code, message } });

describe("the dispatcher", () => {
  test("answers with the id it was asked with, whatever its type", async () => {
    for (const id of [1, "one", 0, -1.5, "", null]) {
      expect(await ask(call("double", ["0x4"], id))).toEqual({ jsonrpc: "2.0", id, result: "0x8" });
    }
    expect(await ask(call("nothing"))).toEqual({ jsonrpc: "2.0", id: 1, result: null });
  });

  test("echoes ids that no double holds as they were sent", async () => {
    const answer = (text: string) => dispatcher().answer(text, context);
    const asked = (id: string) => `{"jsonrpc":"2.0","id":${id},"method":"double","params":["0x4"]}`;
    const result = (id: string) => `{"jsonrpc":"2.0","id":${id},"result":"0x8"}`;
    const ids = ["9007199254740993", "-18446744073709551615", "0.1000000000000000055511151231257827", "1e400"];
    for (const id of ids) expect(await answer(asked(id))).toBe(result(id));
    expect(await answer(`[${[...ids.slice(0, 2), "7"].map(asked).join()}]`)).toBe(
      `[${[...ids.slice(0, 2), "7"].map(result).join()}]`,
    );
    expect(await answer('{"jsonrpc":"2.0","id":9007199254740993,"method":"no"}')).toContain('"id":9007199254740993,');
    expect(await answer(asked("1".repeat(257)))).toContain('"id":null,');
  });

  test("refuses what is no request", async () => {
    expect(await ask("{")).toEqual(error(-32700, "parse error", null));
    expect(await ask("[]")).toEqual(error(-32600, "empty batch", null));
    for (const message of [1, null, "x", { jsonrpc: "1.0", id: 1, method: "double" }, { jsonrpc: "2.0", id: 1 }]) {
      const answer = (await ask(JSON.stringify(message))) as { error: { code: number } };
      expect(answer.error.code).toBe(-32600);
    }
    for (const id of [{}, [], true, "i".repeat(257)])
      expect(await ask(call("double", [], id))).toEqual(error(-32600, "invalid request", null));
    expect(await ask(call("double", { value: 1 }))).toEqual(error(-32602, "non-array args"));
  });

  test("says what is wrong with parameters", async () => {
    expect(await ask(call("double"))).toEqual(error(-32602, "missing value for required argument 0"));
    expect(await ask(call("double", [null]))).toEqual(error(-32602, "missing value for required argument 0"));
    expect(await ask(call("double", ["0x01"]))).toEqual(
      error(-32602, "invalid argument 0: hex number with leading zero digits"),
    );
    expect(await ask(call("double", ["0x1", 2]))).toEqual(error(-32602, "too many arguments, want at most 1"));
    expect(await ask(call("treble"))).toEqual(error(-32601, "the method treble does not exist/is not available"));
  });

  test("tells a caller's faults and keeps the program's to itself", async () => {
    expect(await ask(call("refuse"))).toEqual(error(-32000, "no"));
    expect(await ask(call("revert"))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: 3, message: "execution reverted", data: "0x01" },
    });
    expect(await ask(call("crash"))).toEqual(error(-32603, "internal error"));
  });

  test("answers a batch in order, without its notifications", async () => {
    const batch = [
      call("double", ["0x1"], 7),
      { jsonrpc: "2.0", method: "double", params: ["0x1"] },
      5,
      call("refuse"),
    ];
    expect(await ask(batch)).toEqual([
      { jsonrpc: "2.0", id: 7, result: "0x2" },
      error(-32600, "invalid request", null),
      error(-32000, "no"),
    ]);
    expect(await ask({ jsonrpc: "2.0", method: "crash" })).toBeUndefined();
    expect(await ask([{ jsonrpc: "2.0", method: "crash" }])).toBeUndefined();
    expect(await ask(new Array(6).fill(call("nothing", [], 7)))).toEqual([error(-32600, "batch too large", 7)]);
  });

  test("hands neighbours to a method that takes them together", async () => {
    batches.length = 0;
    const batch = [call("together", [1]), call("together", [2]), call("nothing"), call("together", [3])];
    expect(await ask(batch)).toMatchObject([{ result: 1 }, { result: 2 }, { result: null }, { result: 3 }]);
    expect(batches).toEqual([2]);
  });

  test("tells of every call by a name that exists", async () => {
    counted.length = 0;
    await ask([call("double", ["0x1"]), call("refuse"), call("treble"), { jsonrpc: "2.0", method: "nothing" }]);
    expect(counted).toEqual(["double result", "refuse error", "unknown error", "nothing result"]);
  });

  test("bounds the answer to a batch", async () => {
    const answers = (await ask(new Array(4).fill(call("long")), { responseLengthMax: 3_000 })) as { error?: unknown }[];
    expect(answers.map(({ error: refused }) => refused === undefined)).toEqual([true, true, false, false]);
    expect(await ask(call("long"), { responseLengthMax: 100 })).toEqual(error(-32003, "response too large"));
  });

  test("bounds the time of a message", async () => {
    const batch = [call("wait"), call("nothing")];
    expect(await ask(batch, { requestTimeoutMs: 20 })).toEqual([
      error(-32002, "request timed out"),
      error(-32002, "request timed out"),
    ]);
  });
});
