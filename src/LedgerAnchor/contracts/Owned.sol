// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// An owner who appoints others, and who hands over in two steps so that a mistyped address cannot take the contract away.
/// The owner is meant to be a key kept offline, or a contract of several signers.
abstract contract Owned {
    address public owner;
    address public pendingOwner;

    event OwnerProposed(address indexed owner, address indexed proposed);
    event OwnerChanged(address indexed previous, address indexed owner);

    error NotOwner();
    error NotPendingOwner();
    error NoOwner();

    constructor(address firstOwner) {
        if (firstOwner == address(0)) revert NoOwner();
        owner = firstOwner;
        emit OwnerChanged(address(0), firstOwner);
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    /// The zero address withdraws an earlier proposal.
    function proposeOwner(address proposed) external onlyOwner {
        pendingOwner = proposed;
        emit OwnerProposed(owner, proposed);
    }

    function acceptOwnership() external {
        if (msg.sender != pendingOwner) revert NotPendingOwner();
        emit OwnerChanged(owner, msg.sender);
        owner = msg.sender;
        pendingOwner = address(0);
    }
}
