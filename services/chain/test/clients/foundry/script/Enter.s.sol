// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ledger} from "../src/Ledger.sol";

interface Broadcasts {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @title Deploys a ledger and makes two entries
contract Enter {
    Broadcasts private constant vm = Broadcasts(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    function run() external {
        vm.startBroadcast();
        Ledger ledger = new Ledger(2);
        ledger.enter(3, "first");
        ledger.enter(4, "second");
        vm.stopBroadcast();
        require(ledger.total() == 7, "total");
    }
}
