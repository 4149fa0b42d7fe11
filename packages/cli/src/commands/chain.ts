import type { ChainAction } from "../chain/action.ts";
import { chainPlaceHelp } from "../chain/find-chain.ts";
import { type Command, type Terminal, UsageError } from "../command.ts";

/** `koinon chain`: a shard of the chain, from its genesis file to its coin. */
export const chainCommand: Command = {
  usage:
    "koinon chain init FILE --chain-id N [--fund ADDRESS=AMOUNT]… | status | export FILE | import FILE | send ADDRESS --key FILE --value AMOUNT | faucet ADDRESS | credit ADDRESS --value AMOUNT   [--json]",
  help: `Begins, looks at, copies and pays on a shard of the chain. Amounts are coin (1.5), or with their unit (3gwei, 7wei).

  init FILE       writes the genesis file, in geth's format, of a new chain with every fork up to Osaka; never over a file
  status          head, finalized block, chain id, mempool
  export FILE     writes blocks as RLP, one after the other, as geth does; each is checked against its hash and its parent
  import FILE     executes blocks of such a file into the chain of a data folder, which must not be running
  send ADDRESS    native coin from the key in a file; prints hash and receipt
  faucet ADDRESS  coin of the development chain of 'koinon start'; refuses on any other
  credit ADDRESS  new coin, by the chain's operator; a whole number of gwei, credited by one of the next blocks (EIP-4895), once

  --chain-id N    of the new chain
  --gas-limit N   of its first block (default 60000000)
  --fund A=AMOUNT coin that an address begins with; may be repeated
  --from N        first block to export (default 0)
  --to N          last one (default the head)
  --key FILE      private key, 32 bytes in hex
  --value AMOUNT  what is sent (faucet: default 100)
  --request-id ID credit: repeating it credits nothing more (default: one at random, which is printed first)
  --service HOST:PORT --tls DIR   credit: gRPC of a chain elsewhere, with tls.crt, tls.key and ca.crt for a service that
                  its CHAIN_WITHDRAWAL_CALLERS names; without them, the chain of the data folder
  --genesis FILE  import: --data is then the folder of a chain run by 'koinon start chain', with this genesis file
${chainPlaceHelp}
  --json          print the answer as JSON; amounts are wei

Exit code: 0 done, 1 refused, 2 the chain or a file can not be read or the arguments make no sense.`,
  run: chain,
};

const actions: Readonly<Record<string, () => Promise<ChainAction>>> = {
  init: async () => (await import("../chain/init.ts")).initChain,
  status: async () => (await import("../chain/status.ts")).showStatus,
  export: async () => (await import("../chain/export.ts")).exportBlocks,
  import: async () => (await import("../chain/import.ts")).importBlocks,
  send: async () => (await import("../chain/send.ts")).sendCoin,
  credit: async () => (await import("../chain/credit.ts")).creditCoin,
  faucet: async () => (await import("../chain/faucet.ts")).giveCoin,
};

async function chain(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = "", ...rest] = args;
  const load = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (load === undefined) throw new UsageError(`one of ${Object.keys(actions).join(", ")} is needed`);
  return (await load())(rest, terminal);
}
