import { type BranchChild, BranchNode, kept, type NodeRef } from "./branch-node.ts";
import { commonPrefixLength, digits, type Nibbles, nibbleAt } from "./nibbles.ts";
import type { ExtensionNode, LeafNode, TrieNode } from "./node.ts";
import { type LeafEntry, type NodeChange, NodeChanges } from "./node-changes.ts";
import { emptyRoot, type NodeReader } from "./node-reader.ts";
import { atOnce, type Steps } from "./steps.ts";
import { TrieError } from "./trie-error.ts";

/** A key's value afterwards; undefined (or no bytes, which a trie can not hold) removes it. */
export interface TrieChange {
  readonly key: Nibbles;
  readonly value: Uint8Array | undefined;
  /** The value before, where the caller has it: with `leafEntry`, the leaf is then known by its hash and not read. */
  readonly earlier?: Uint8Array | undefined;
}

/** The outcome of an update: nothing is stored until the caller writes `nodes`. */
export interface TrieUpdate {
  readonly root: Uint8Array;
  readonly nodes: Map<Nibbles, NodeChange>;
}

/** Told of the value that a changed key had, undefined when it had none; it may throw. */
export type FoundVisitor<C extends TrieChange> = (change: C, found: Uint8Array | undefined) => void;

/** What an update may be told beside its changes. */
export interface UpdateOptions<C extends TrieChange> {
  readonly onFound?: FoundVisitor<C>;
  /** What is stored in the place of leaves, which the reader then puts together; leaves themselves when it is left out. */
  readonly leafEntry?: LeafEntry;
  /** The root before, which a leaf that is the whole trie is held against. */
  readonly root?: Uint8Array;
}

/**
 * Applies changes, sorted by key and each key once, in one pass: every touched node is read once and hashed once. Throws
 * TrieError `CHANGES_NOT_SORTED`, and `NODE_MISSING`, `NODE_MALFORMED` or `NODE_HASH_WRONG` for a damaged store.
 */
export function updateTrie<C extends TrieChange>(
  reader: NodeReader,
  changes: readonly C[],
  options: UpdateOptions<C> = {},
): TrieUpdate {
  return atOnce(updateTrieInSteps(reader, changes, options));
}

/** Like `updateTrie`, a step for each child of the root; what the reader answers must stay the same until the end. */
export function* updateTrieInSteps<C extends TrieChange>(
  reader: NodeReader,
  changes: readonly C[],
  { onFound = ignore, leafEntry, root: rootBefore }: UpdateOptions<C> = {},
): Steps<TrieUpdate> {
  assertSorted(changes);
  const nodes = new NodeChanges(reader, leafEntry);
  const before = nodes.takeRoot(rootBefore);
  const after = yield* new Pass(nodes, changes, onFound).applyToRoot(before);
  const root = after === undefined ? emptyRoot : nodes.sealRoot(after);
  return { root, nodes: nodes.result() };
}

function ignore(): void {}

function assertSorted(changes: readonly TrieChange[]): void {
  for (let index = 1; index < changes.length; index++) {
    const key = (changes[index] as TrieChange).key;
    if ((changes[index - 1] as TrieChange).key >= key) throw new TrieError({ code: "CHANGES_NOT_SORTED", key });
  }
}

interface Entry {
  readonly key: Nibbles;
  readonly value: Uint8Array;
}

/** A branch while it changes: a child is still a reference, or a node that is not encoded yet. */
type Child = BranchChild | TrieNode;

function isNode(child: Child): child is TrieNode {
  return child !== undefined && child !== kept && "kind" in child;
}

/** A child with what `kept` stands for. */
function resolved(branch: BranchNode, child: Child, index: number): NodeRef | TrieNode | undefined {
  return child === kept ? branch.child(index) : child;
}

const emptyBranch = BranchNode.of(new Array<undefined>(16).fill(undefined), undefined);

class Pass<C extends TrieChange> {
  readonly #nodes: NodeChanges;
  readonly #changes: readonly C[];
  readonly #onFound: FoundVisitor<C>;

  constructor(nodes: NodeChanges, changes: readonly C[], onFound: FoundVisitor<C>) {
    this.#nodes = nodes;
    this.#changes = changes;
    this.#onFound = onFound;
  }

  /** The root after all changes. */
  *applyToRoot(root: TrieNode | undefined): Steps<TrieNode | undefined> {
    const count = this.#changes.length;
    if (root?.kind !== "branch" || count === 0) return this.apply(root, "", 0, count);
    const children: Child[] = root.slots();
    const value = this.#valueAfter(root, "", 0);
    let isChanged = value !== root.value;
    for (let index = this.#endsAt("", 0) ? 1 : 0; index < count; ) {
      const end = this.#childEnd(index, count, 0);
      if (this.#changeChild(root, children, "", index, end)) isChanged = true;
      index = end;
      yield;
    }
    return isChanged ? this.#settle(root, children, value, "") : root;
  }

  /**
   * The node at `path` after the changes `from` (inclusive) to `to`, all of whose keys begin with the path. Answers the very
   * same object when nothing changed, else a node that is not sealed, since leaves and extensions may still join their parent.
   */
  apply(node: TrieNode | undefined, path: Nibbles, from: number, to: number): TrieNode | undefined {
    if (from === to) return node;
    if (node === undefined) {
      this.#visit(from, to, undefined, undefined);
      return this.#build(this.#insertions(from, to), path.length);
    }
    if (node.kind === "leaf") return this.#applyToLeaf(node, path, from, to);
    if (node.kind === "branch") return this.#applyToBranch(node, path, from, to);
    return this.#applyToExtension(node, path, from, to);
  }

  /** Tells of a range of changes below which there is at most one key. */
  #visit(from: number, to: number, key: Nibbles | undefined, value: Uint8Array | undefined): void {
    for (let index = from; index < to; index++) {
      const change = this.#changes[index] as C;
      this.#onFound(change, change.key === key ? value : undefined);
    }
  }

  #insertions(from: number, to: number): Entry[] {
    const entries: Entry[] = [];
    for (let index = from; index < to; index++) {
      const { key, value } = this.#changes[index] as TrieChange;
      if (value !== undefined && value.length > 0) entries.push({ key, value });
    }
    return entries;
  }

  #applyToLeaf(leaf: LeafNode, path: Nibbles, from: number, to: number): TrieNode | undefined {
    const first = this.#changes[from] as C;
    const isSameKey = first.key.length === path.length + leaf.key.length && first.key.endsWith(leaf.key);
    if (to === from + 1 && isSameKey) {
      this.#onFound(first, leaf.value);
      const { value } = first;
      if (value !== undefined && value.length > 0) return { ...leaf, value };
      if (leaf.isInPlace === true) this.#nodes.removeLeaf(leaf, path);
      return undefined;
    }
    const key = path + leaf.key;
    this.#visit(from, to, key, leaf.value);
    const entries = this.#insertions(from, to);
    if (!this.#mentions(key, from, to)) {
      if (entries.length === 0) return leaf;
      const at = entries.findIndex((entry) => entry.key > key);
      entries.splice(at === -1 ? entries.length : at, 0, { key, value: leaf.value });
    }
    return this.#build(entries, path.length);
  }

  #mentions(key: Nibbles, from: number, to: number): boolean {
    for (let index = from; index < to; index++) if ((this.#changes[index] as C).key === key) return true;
    return false;
  }

  #applyToExtension(extension: ExtensionNode, path: Nibbles, from: number, to: number): TrieNode | undefined {
    const full = path + extension.key;
    const first = commonPrefixLength(full, (this.#changes[from] as C).key, path.length);
    const last = commonPrefixLength(full, (this.#changes[to - 1] as C).key, path.length);
    const fork = Math.min(first, last);
    if (fork === full.length) {
      const child = this.#nodes.take(extension.child, full);
      const after = this.apply(child, full, from, to);
      if (after !== child) return this.#extend(extension.key, after, full);
      this.#nodes.putBack(full);
      return extension;
    }
    // Some key leaves the extension: a branch stands there now, with what is left of the extension as its only child so far.
    const children: Child[] = emptyBranch.slots();
    const rest = full.slice(fork + 1);
    children[nibbleAt(full, fork)] =
      rest === "" ? extension.child : { kind: "extension", key: rest, child: extension.child };
    const forkPath = full.slice(0, fork);
    const after = this.#changeBranch(emptyBranch, children, forkPath, from, to);
    if (after === emptyBranch) return extension;
    return this.#extend(full.slice(path.length, fork), after, forkPath);
  }

  /** Puts digits in front of the node at `path`. */
  #extend(key: Nibbles, node: TrieNode | undefined, path: Nibbles): TrieNode | undefined {
    if (node === undefined || key === "") return node;
    if (node.kind === "branch") return { kind: "extension", key, child: this.#nodes.seal(node, path) };
    if (node.kind === "extension") return { ...node, key: key + node.key };
    if (node.isInPlace === true) this.#nodes.removeLeaf(node, path);
    return { kind: "leaf", key: key + node.key, value: node.value };
  }

  #applyToBranch(branch: BranchNode, path: Nibbles, from: number, to: number): TrieNode | undefined {
    return this.#changeBranch(branch, branch.slots(), path, from, to);
  }

  /** Changes children of a branch; answers the branch itself when nothing is different. */
  #changeBranch(branch: BranchNode, children: Child[], path: Nibbles, from: number, to: number) {
    const value = this.#valueAfter(branch, path, from);
    let isChanged = value !== branch.value;
    for (let index = this.#endsAt(path, from) ? from + 1 : from; index < to; ) {
      const end = this.#childEnd(index, to, path.length);
      if (this.#changeChild(branch, children, path, index, end)) isChanged = true;
      index = end;
    }
    return isChanged ? this.#settle(branch, children, value, path) : branch;
  }

  /** True when the key of a change ends at this path; others that begin with it come behind. */
  #endsAt(path: Nibbles, from: number): boolean {
    return (this.#changes[from] as C).key.length === path.length;
  }

  /** The value of a branch itself afterwards. */
  #valueAfter({ value }: BranchNode, path: Nibbles, from: number): Uint8Array | undefined {
    if (!this.#endsAt(path, from)) return value;
    const change = this.#changes[from] as C;
    this.#onFound(change, value);
    return change.value === undefined || change.value.length === 0 ? undefined : change.value;
  }

  /** Where the changes end that go the same way as the one at `from`. */
  #childEnd(from: number, to: number, depth: number): number {
    const nibble = nibbleAt((this.#changes[from] as C).key, depth);
    let end = from + 1;
    while (end < to && nibbleAt((this.#changes[end] as C).key, depth) === nibble) end++;
    return end;
  }

  /** Changes the child that these changes go to; true when it is different afterwards. */
  #changeChild(branch: BranchNode, children: Child[], branchPath: Nibbles, from: number, to: number): boolean {
    const nibble = nibbleAt((this.#changes[from] as C).key, branchPath.length);
    const path = branchPath + digits[nibble];
    const child = children[nibble];
    if (child === undefined || isNode(child)) {
      children[nibble] = this.apply(child, path, from, to);
      return children[nibble] !== child;
    }
    const ref = resolved(branch, child, nibble) as NodeRef;
    const before = this.#knownLeaf(branch, ref, path, from, to) ?? this.#nodes.take(ref, path);
    const after = this.apply(before, path, from, to);
    if (after === before) this.#nodes.putBack(path);
    else children[nibble] = after;
    return after !== before;
  }

  /** The leaf of the only key that changes below, when its value is known. Below a full branch there are hardly leaves. */
  #knownLeaf(branch: BranchNode, ref: NodeRef, path: Nibbles, from: number, to: number): TrieNode | undefined {
    const { key, earlier } = this.#changes[from] as C;
    if (to !== from + 1 || earlier === undefined || branch.isFull) return undefined;
    return this.#nodes.knownLeaf(ref, path, key, earlier);
  }

  /** What a branch with these children has become: itself, with all children sealed, or less when at most one way is left. */
  #settle(branch: BranchNode, children: readonly Child[], value: Uint8Array | undefined, path: Nibbles) {
    let count = value === undefined ? 0 : 1;
    let only = -1;
    for (let index = 0; index < 16; index++) {
      if (children[index] === undefined) continue;
      count++;
      only = index;
    }
    if (count === 0) return undefined;
    if (count === 1)
      return only === -1
        ? ({ kind: "leaf", key: "", value: value as Uint8Array } as const)
        : this.#collapse(resolved(branch, children[only], only), only, path);
    const slots = new Array<BranchChild>(16);
    for (let index = 0; index < 16; index++) {
      const child = children[index];
      slots[index] = isNode(child) ? this.#nodes.seal(child, path + digits[index]) : child;
    }
    return branch.with(slots, value);
  }

  /** A branch with one child and no value is that child with one digit more. */
  #collapse(child: NodeRef | TrieNode | undefined, nibble: number, path: Nibbles): TrieNode | undefined {
    const digit = digits[nibble] as string;
    const childPath = path + digit;
    if (child === undefined || isNode(child)) return this.#extend(digit, child, childPath);
    const node = this.#nodes.take(child, childPath);
    if (node.kind !== "branch") return this.#extend(digit, node, childPath);
    this.#nodes.putBack(childPath);
    return { kind: "extension", key: digit, child };
  }

  /** A new subtree over sorted entries whose keys agree on the first `depth` digits. */
  #build(entries: readonly Entry[], depth: number): TrieNode | undefined {
    const first = entries[0];
    if (first === undefined) return undefined;
    if (entries.length === 1) return { kind: "leaf", key: first.key.slice(depth), value: first.value };
    const fork = commonPrefixLength(first.key, (entries[entries.length - 1] as Entry).key, depth);
    const path = first.key.slice(0, fork);
    const endsHere = first.key.length === fork;
    const children = new Array<NodeRef | undefined>(16).fill(undefined);
    for (let index = endsHere ? 1 : 0; index < entries.length; ) {
      const nibble = nibbleAt((entries[index] as Entry).key, fork);
      const start = index++;
      while (index < entries.length && nibbleAt((entries[index] as Entry).key, fork) === nibble) index++;
      const child = this.#build(entries.slice(start, index), fork + 1) as TrieNode;
      children[nibble] = this.#nodes.seal(child, path + digits[nibble]);
    }
    const branch = BranchNode.of(children, endsHere ? first.value : undefined);
    return this.#extend(first.key.slice(depth, fork), branch, path);
  }
}
