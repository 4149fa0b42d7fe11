// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title An ERC-20 token that anybody mints, for tests and benches of the chain
contract TestToken is ERC20, ERC20Permit {
    constructor(string memory name, string memory symbol) ERC20(name, symbol) ERC20Permit(name) {}

    /// @notice Makes tokens out of nothing.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Makes tokens for many accounts, as a bench fills its state.
    function mintEach(address[] calldata accounts, uint256 amount) external {
        for (uint256 index = 0; index < accounts.length; ++index) _mint(accounts[index], amount);
    }
}
