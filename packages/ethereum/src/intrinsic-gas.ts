import type { AccessListEntry, TransactionPayload } from "./transaction.ts";

const transactionGas = 21_000;
const creationGas = 32_000;
/** Per zero byte of data; four times that per other byte (EIP-2028). */
const tokenGas = 4;
/** Per token under the floor (EIP-7623). */
const floorTokenGas = 10;
/** Per word of init code (EIP-3860). */
const initCodeWordGas = 2;
const accessListAddressGas = 2_400;
const accessListStorageKeyGas = 1_900;
/** Per authorization, as if its account were new (EIP-7702). */
const authorizationGas = 25_000;

/** Gas that a transaction costs before any of it runs (yellow paper, section 6.2; EIP-2028, 2930, 3860, 7702). */
export function intrinsicGas(payload: TransactionPayload): bigint {
  let gas = transactionGas + dataTokens(payload.data) * tokenGas;
  if (payload.to === undefined) gas += creationGas + Math.ceil(payload.data.length / 32) * initCodeWordGas;
  if (payload.type !== 0) gas += accessListGas(payload.accessList);
  if (payload.type === 4) gas += payload.authorizationList.length * authorizationGas;
  return BigInt(gas);
}

/** The least that a transaction with this data is charged, from Prague on (EIP-7623). */
export function floorDataGas(data: Uint8Array): bigint {
  return BigInt(transactionGas + dataTokens(data) * floorTokenGas);
}

function dataTokens(data: Uint8Array): number {
  let zeros = 0;
  for (let index = 0; index < data.length; index++) if (data[index] === 0) zeros++;
  return zeros + (data.length - zeros) * 4;
}

function accessListGas(accessList: readonly AccessListEntry[]): number {
  let gas = accessList.length * accessListAddressGas;
  for (const { storageKeys } of accessList) gas += storageKeys.length * accessListStorageKeyGas;
  return gas;
}
