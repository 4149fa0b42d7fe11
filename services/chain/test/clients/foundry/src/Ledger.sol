// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Counts what accounts hand in
contract Ledger {
    event Entered(address indexed from, uint256 amount, string note);

    error TooSmall(uint256 amount, uint256 least);

    uint256 public immutable least;
    uint256 public total;
    mapping(address => uint256) public entries;

    constructor(uint256 least_) {
        least = least_;
    }

    function enter(uint256 amount, string calldata note) external returns (uint256) {
        if (amount < least) revert TooSmall(amount, least);
        total += amount;
        entries[msg.sender] += amount;
        emit Entered(msg.sender, amount, note);
        return total;
    }

    function fail() external pure {
        require(false, "always");
    }
}
