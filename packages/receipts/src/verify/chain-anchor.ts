import { EthereumError } from "@koinon/ethereum/fault";
import { RlpReader } from "@koinon/ethereum/rlp-reader";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { type AnchorVerdict, verifyAnchor } from "@koinon/solidity/anchor-proof";
import type { Checkpoint } from "@koinon/tlog/checkpoint";
import type { BundleAnchor } from "../bundle-anchor.ts";
import type { TrustedChain } from "../trust.ts";
import type { Check } from "./evidence.ts";
import { failed, passed, type StepOutcome, skipped } from "./verification.ts";

/** The checkpoint stands in a trusted registry, in the state of a trusted block or of an ancestor of one. */
export const checkAnchor: Check = ({ bundle: { anchor }, trust: { anchoring }, checkpoint }) => {
  if (anchor === null) {
    return anchoring.required
      ? failed("The trust file asks for an anchored checkpoint, and this one has no anchor.")
      : skipped("The bundle has no anchor, and the trust file asks for none.");
  }
  if (checkpoint.state !== "signed") return skipped("Not checked: there is no checkpoint of a known log.");
  const blocks = readBlocks(anchor);
  if (blocks === undefined) return failed("A block header of the anchor can not be read.");
  const [first] = blocks;
  const last = blocks.at(-1);
  if (first === undefined || last === undefined) return failed("The anchor names no block.");
  if (blocks.some(({ parentHash }, index) => index > 0 && parentHash !== blocks[index - 1]?.hash))
    return failed("The block headers of the anchor are not child by child.");
  const chains = anchoring.chains.filter((chain) => chain.blocks.includes(last.hash));
  if (chains.length === 0) return failed(`The block ${last.hash} is of no chain that the trust file names.`);
  // What leads beyond the first trusted block would be headers that nobody needs.
  if (blocks.some(({ hash }) => hash !== last.hash && chains.some((chain) => chain.blocks.includes(hash))))
    return failed("The anchor goes on beyond a block that the trust file names.");
  return checkRegistries(chains, { anchor, proved: first, trusted: last, checkpoint: checkpoint.checkpoint });
};

interface AnchoredState {
  readonly anchor: BundleAnchor;
  readonly proved: Block;
  readonly trusted: Block;
  readonly checkpoint: Checkpoint;
}

function checkRegistries(chains: readonly TrustedChain[], state: AnchoredState): StepOutcome {
  const { proved, trusted, checkpoint } = state;
  let fault = "The anchor's proof does not lead from the block's state to the registry's record.";
  for (const chain of chains) {
    const verdict = verdictUnder(chain, state);
    if (verdict.status === "absent") fault = `No checkpoint of size ${checkpoint.size} was anchored by that block.`;
    if (verdict.status !== "anchored") continue;
    const { root, epoch, submitter } = verdict.checkpoint;
    if (root !== bytesToHex(checkpoint.root))
      return failed(`Another root is anchored for size ${checkpoint.size}: ${root}.`);
    return passed(
      `It was anchored by block ${proved.number} of chain ${chain.chainId}, by ${submitter} in epoch ${epoch}.`,
      [{ kind: "chain", id: `${chain.chainId}/${chain.registry}/${trusted.hash}`, name: "" }],
    );
  }
  return failed(fault);
}

function verdictUnder({ registry }: TrustedChain, { anchor, proved, checkpoint }: AnchoredState): AnchorVerdict {
  const { origin, size } = checkpoint;
  return verifyAnchor(
    { stateRoot: proved.stateRoot, registry, origin, size },
    { account: anchor.account, slots: [anchor.root, anchor.submission] },
  );
}

/** What is used of a block header; its hash says that the rest is as the chain has it. */
interface Block {
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  readonly number: bigint;
}

function readBlocks({ headers }: BundleAnchor): Block[] | undefined {
  try {
    return headers.map(readBlock);
  } catch (error) {
    if (error instanceof EthereumError) return undefined;
    throw error;
  }
}

/** Yellow paper, section 4.3: parent is field 0, state root 3, number 8. Later forks add fields at the end. */
function readBlock(header: Hex): Block {
  const bytes = hexToBytes(header);
  const reader = new RlpReader(bytes);
  const fields = reader.list();
  reader.finish();
  const parentHash = fields.hex(32);
  for (const _skipped of ["uncles", "beneficiary"]) fields.raw();
  const stateRoot = fields.hex(32);
  for (const _skipped of ["transactions", "receipts", "bloom", "difficulty"]) fields.raw();
  const number = fields.integer(8);
  return { hash: bytesToHex(keccak256(bytes)), parentHash, stateRoot, number };
}
