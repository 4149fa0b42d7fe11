import { RpcError } from "../src/rpc-error.ts";

/** The RpcError with which a call fails. */
export async function callFailure(call: Promise<unknown>): Promise<RpcError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RpcError)) throw new Error("expected an RpcError", { cause: error });
  return error;
}
