import { hexToBytes } from "@koinon/secp256k1/hex";

/**
 * Runtime code of this contract, compiled with solc 0.8.37, optimiser on (10,000 runs), for Cancun, without metadata:
 *
 *     contract Token {
 *         mapping(address => uint256) public balanceOf;
 *         uint256 public totalSupply;
 *         event Transfer(address indexed from, address indexed to, uint256 value);
 *         constructor() { totalSupply = 1e30; balanceOf[msg.sender] = 1e30; }
 *         function transfer(address to, uint256 value) external returns (bool) {
 *             balanceOf[msg.sender] -= value;
 *             balanceOf[to] += value;
 *             emit Transfer(msg.sender, to, value);
 *             return true;
 *         }
 *     }
 */
export const token = hexToBytes(
  [
    "0x",
    "608060405234801561000f575f5ffd5b506004361061003f575f3560e01c806318160ddd1461004357806370a08231146100",
    "5f578063a9059cbb1461007e575b5f5ffd5b61004c60015481565b6040519081526020015b60405180910390f35b61004c61",
    "006d36600461017e565b5f6020819052908152604090205481565b61009161008c36600461019e565b6100a1565b60405190",
    "15158152602001610056565b335f908152602081905260408120805483919083906100c19084906101f3565b909155505073",
    "ffffffffffffffffffffffffffffffffffffffff83165f90815260208190526040812080548492906100fa90849061020656",
    "5b909155505060405182815273ffffffffffffffffffffffffffffffffffffffff84169033907fddf252ad1be2c89b69c2b0",
    "68fc378daa952ba7f163c4a11628f55a4df523b3ef9060200160405180910390a35060015b92915050565b803573ffffffff",
    "ffffffffffffffffffffffffffffffff81168114610179575f5ffd5b919050565b5f6020828403121561018e575f5ffd5b61",
    "019782610156565b9392505050565b5f5f604083850312156101af575f5ffd5b6101b883610156565b946020939093013593",
    "505050565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b",
    "81810381811115610150576101506101c6565b80820180821115610150576101506101c656",
  ].join(""),
);
