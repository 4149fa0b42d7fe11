// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Checkpoints of transparency logs, anchored to this chain
/// @notice A log (C2SP tlog-checkpoint) is named by its origin. Whoever registers an origin first owns it here, and the
/// owner and those it authorises anchor the log's checkpoints: the size and the root of its tree. What is anchored is never
/// changed, sizes only grow, and a size has one root, so a log that shows two roots for one size can not have both here.
/// @dev The registry does not read the log: it does not know whether one tree extends another, and an origin may be
/// registered by somebody who does not hold the log's key. Readers compare the root with a checkpoint that the log signed.
contract CheckpointRegistry {
    /// @dev One slot, which `registry-storage.ts` reads from storage proofs.
    struct Log {
        /// Zero for an origin that nobody has registered.
        address owner;
        /// Size of the latest checkpoint, zero before the first.
        uint64 size;
    }

    /// @dev Two slots: the root; the submitter (low 160 bits) and the epoch.
    struct Checkpoint {
        bytes32 root;
        /// Zero for a size that was never anchored.
        address submitter;
        uint64 epoch;
    }

    mapping(bytes32 originId => Log) private logs;
    mapping(bytes32 originId => mapping(uint64 size => Checkpoint)) private checkpoints;
    mapping(bytes32 originId => mapping(address account => bool)) private submitters;

    /// @notice An origin has its first owner.
    event OriginRegistered(bytes32 indexed originId, address indexed owner, string origin);
    /// @notice An origin has another owner.
    event OriginTransferred(bytes32 indexed originId, address indexed from, address indexed to);
    /// @notice An account may anchor checkpoints of an origin, or may no longer.
    event SubmitterSet(bytes32 indexed originId, address indexed submitter, bool authorised);
    /// @notice A checkpoint is anchored.
    event CheckpointAnchored(
        bytes32 indexed originId, uint64 indexed size, bytes32 root, uint64 epoch, address indexed submitter
    );

    /// @notice The origin has no name.
    error OriginEmpty();
    /// @notice The origin belongs to somebody already.
    error OriginTaken(bytes32 originId, address owner);
    /// @notice Nobody has registered the origin.
    error OriginUnknown(bytes32 originId);
    /// @notice The caller is neither the owner of the origin nor, where that is enough, authorised by it.
    error NotAuthorised(bytes32 originId, address caller);
    /// @notice An origin can not belong to nobody.
    error OwnerZero(bytes32 originId);
    /// @notice An empty tree has nothing to anchor.
    error SizeZero(bytes32 originId);
    /// @notice The size is below that of the latest checkpoint.
    error SizeDecreased(bytes32 originId, uint64 latestSize, uint64 size);
    /// @notice The size is anchored with another root.
    error RootConflict(bytes32 originId, uint64 size, bytes32 anchored, bytes32 root);
    /// @notice The epoch is below that of the latest checkpoint.
    error EpochDecreased(bytes32 originId, uint64 latestEpoch, uint64 epoch);

    /// @notice Makes the caller the owner of an origin that nobody owns.
    /// @param origin The log's origin line, exactly.
    /// @return originId What names the origin in every other call: the Keccak-256 of its bytes.
    function register(string calldata origin) external returns (bytes32 originId) {
        if (bytes(origin).length == 0) revert OriginEmpty();
        originId = idOf(origin);
        address owner = logs[originId].owner;
        if (owner != address(0)) revert OriginTaken(originId, owner);
        logs[originId].owner = msg.sender;
        emit OriginRegistered(originId, msg.sender, origin);
    }

    /// @notice Hands an origin to another owner. Those authorised stay so until the new owner says otherwise.
    function transfer(bytes32 originId, address to) external {
        requireOwner(originId);
        if (to == address(0)) revert OwnerZero(originId);
        logs[originId].owner = to;
        emit OriginTransferred(originId, msg.sender, to);
    }

    /// @notice Lets an account anchor checkpoints of the caller's origin, or no longer.
    function setSubmitter(bytes32 originId, address submitter, bool authorised) external {
        requireOwner(originId);
        submitters[originId][submitter] = authorised;
        emit SubmitterSet(originId, submitter, authorised);
    }

    /// @notice Anchors a checkpoint larger than the latest; the latest itself may be repeated, which changes nothing.
    /// @param size Number of the log's entries.
    /// @param root RFC 9162 hash of the tree over them.
    /// @param epoch The epoch that the submitter counts the checkpoint to; it never falls.
    /// @return anchored False when it was there already.
    function anchor(bytes32 originId, uint64 size, bytes32 root, uint64 epoch) external returns (bool anchored) {
        Log storage log = logs[originId];
        (address owner, uint64 latestSize) = (log.owner, log.size);
        if (owner == address(0)) revert OriginUnknown(originId);
        if (msg.sender != owner && !submitters[originId][msg.sender]) revert NotAuthorised(originId, msg.sender);
        if (size == 0) revert SizeZero(originId);
        if (size < latestSize) revert SizeDecreased(originId, latestSize, size);
        if (size == latestSize) {
            bytes32 before = checkpoints[originId][size].root;
            if (before != root) revert RootConflict(originId, size, before, root);
            return false;
        }
        uint64 latestEpoch = checkpoints[originId][latestSize].epoch;
        if (epoch < latestEpoch) revert EpochDecreased(originId, latestEpoch, epoch);

        log.size = size;
        checkpoints[originId][size] = Checkpoint({root: root, submitter: msg.sender, epoch: epoch});
        emit CheckpointAnchored(originId, size, root, epoch, msg.sender);
        return true;
    }

    /// @notice The checkpoint of the greatest size; all zero when there is none.
    function latest(bytes32 originId)
        external
        view
        returns (uint64 size, bytes32 root, uint64 epoch, address submitter)
    {
        size = logs[originId].size;
        Checkpoint storage checkpoint = checkpoints[originId][size];
        return (size, checkpoint.root, checkpoint.epoch, checkpoint.submitter);
    }

    /// @notice The checkpoint of a size; all zero when that size was never anchored.
    function atSize(bytes32 originId, uint64 size)
        external
        view
        returns (bytes32 root, uint64 epoch, address submitter)
    {
        Checkpoint storage checkpoint = checkpoints[originId][size];
        return (checkpoint.root, checkpoint.epoch, checkpoint.submitter);
    }

    /// @notice The owner of an origin; zero when nobody has registered it.
    function ownerOf(bytes32 originId) external view returns (address) {
        return logs[originId].owner;
    }

    /// @notice Whether the owner has authorised an account (the owner itself needs no authorisation).
    function isSubmitter(bytes32 originId, address account) external view returns (bool) {
        return submitters[originId][account];
    }

    /// @notice What names an origin in every other call: the Keccak-256 of its bytes.
    function idOf(string calldata origin) public pure returns (bytes32) {
        return keccak256(bytes(origin));
    }

    function requireOwner(bytes32 originId) private view {
        address owner = logs[originId].owner;
        if (owner == address(0)) revert OriginUnknown(originId);
        if (owner != msg.sender) revert NotAuthorised(originId, msg.sender);
    }
}
