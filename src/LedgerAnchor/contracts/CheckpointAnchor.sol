// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Owned} from "./Owned.sol";

/// Keeps the heads (size, root) of one RFC 6962 log in order. A head is taken only together with the one before it, so a log that was
/// rolled back or forked cannot go on, and of two writers one is refused. It holds two numbers and a hash for each head and nothing else.
contract CheckpointAnchor is Owned {
    /// SHA-256 of the log's origin line: which log this contract is about. It never changes; it is no immutable because the code of every
    /// deployment shall be the same, so that its hash tells whether a contract is this one.
    bytes32 public log;

    // The account that anchors and the newest size share a slot, so that anchoring reads and writes it once.
    address public anchorer;
    uint64 private newest;

    /// The root that was anchored at a size; zero when none was.
    mapping(uint64 size => bytes32 root) public rootOf;

    event Checkpoint(uint64 prevSize, bytes32 prevRoot, uint64 indexed size, bytes32 root);
    event AnchorerChanged(address indexed previous, address indexed anchorer);
    /// The owner's word on which Ed25519 key signs the log from now on: the way out when the signing key is lost.
    event LogKeyAnnounced(bytes32 indexed publicKey);

    error NotAnchorer();
    /// The newest head is another one than the caller takes it for.
    error HeadIs(uint64 size, bytes32 root);
    error NotGrowing();
    error NoRoot();

    /// A log that moves here from another contract brings its newest head; a new log begins with size 0 and the hash of nothing.
    constructor(bytes32 ofLog, address firstOwner, address firstAnchorer, uint64 size, bytes32 root) Owned(firstOwner) {
        if (root == 0) revert NoRoot();
        log = ofLog;
        anchorer = firstAnchorer;
        newest = size;
        rootOf[size] = root;
        emit AnchorerChanged(address(0), firstAnchorer);
        emit Checkpoint(0, 0, size, root);
    }

    function head() external view returns (uint64 size, bytes32 root) {
        return (newest, rootOf[newest]);
    }

    function anchor(uint64 prevSize, bytes32 prevRoot, uint64 size, bytes32 root) external {
        if (msg.sender != anchorer) revert NotAnchorer();
        uint64 current = newest;
        bytes32 currentRoot = rootOf[current];
        if (prevSize != current || prevRoot != currentRoot) revert HeadIs(current, currentRoot);
        if (size <= current) revert NotGrowing();
        if (root == 0) revert NoRoot();
        newest = size;
        rootOf[size] = root;
        emit Checkpoint(prevSize, prevRoot, size, root);
    }

    /// The zero address stops anchoring, for instance when the key was stolen.
    function setAnchorer(address next) external onlyOwner {
        emit AnchorerChanged(anchorer, next);
        anchorer = next;
    }

    function announceLogKey(bytes32 publicKey) external onlyOwner {
        emit LogKeyAnnounced(publicKey);
    }
}
