// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title An ERC-721 token that anybody mints, for tests and benches of the chain
contract TestCollectible is ERC721 {
    uint256 private minted;

    constructor() ERC721("Test Collectible", "COLL") {}

    /// @notice Makes the next item, with the receiver's consent when it is a contract.
    function mint(address to) external returns (uint256 id) {
        id = ++minted;
        _safeMint(to, id);
    }

    /// @notice A data URI that shows the item's number.
    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireOwned(id);
        return string.concat("data:application/json,{\"name\":\"", Strings.toString(id), "\"}");
    }
}
