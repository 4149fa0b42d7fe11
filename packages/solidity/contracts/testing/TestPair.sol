// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A constant product exchange of two tokens, for tests and benches of the chain
/// @notice Holds reserves x and y; a trade may not lower x y, after 0.3 % of what came in is set aside for the holders of
/// shares. It does the work of a Uniswap V2 pair (a packed slot of reserves and time, price accumulators, a lock, a share
/// token) and its swap is called as that one's. Amounts are trusted to be what the tokens' balances say.
contract TestPair is ERC20 {
    using SafeERC20 for IERC20;

    IERC20 public immutable token0;
    IERC20 public immutable token1;

    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private updatedAt;

    /// @notice Sum over time of price times seconds, as fixed point numbers with 112 binary places; they wrap around.
    uint256 public price0Accumulator;
    uint256 public price1Accumulator;
    bool private locked;

    uint256 private constant feePerMille = 3;
    /// Locked for ever with the first deposit, so that a share never becomes too dear to divide.
    uint256 private constant sharesLocked = 1000;
    address private constant nobody = address(0xdead);

    event Deposited(address indexed sender, uint256 amount0, uint256 amount1);
    event Withdrawn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);
    event Swapped(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );
    event ReservesChanged(uint112 reserve0, uint112 reserve1);

    error Reentered();
    error ReserveOverflow();
    error DepositTooSmall();
    error NothingOut();
    error ReserveExceeded(uint256 amount0Out, uint256 amount1Out);
    error NothingIn();
    error ProductLowered();
    error OutputBelow(uint256 amountOut, uint256 amountOutMin);

    modifier lock() {
        if (locked) revert Reentered();
        locked = true;
        _;
        locked = false;
    }

    constructor(IERC20 first, IERC20 second) ERC20("Test Pair Share", "PAIR") {
        (token0, token1) = address(first) < address(second) ? (first, second) : (second, first);
    }

    /// @notice The reserves, and when they last changed (seconds modulo 2^32).
    function getReserves() external view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, updatedAt);
    }

    /// @notice Gives shares for the tokens that came in since the reserves were last recorded.
    function mint(address to) external lock returns (uint256 shares) {
        (uint256 balance0, uint256 balance1) = balances();
        (uint256 before0, uint256 before1) = (reserve0, reserve1);
        (uint256 amount0, uint256 amount1) = (balance0 - before0, balance1 - before1);
        uint256 supply = totalSupply();
        if (supply == 0) {
            uint256 mean = Math.sqrt(amount0 * amount1);
            if (mean <= sharesLocked) revert DepositTooSmall();
            shares = mean - sharesLocked;
            _mint(nobody, sharesLocked);
        } else {
            shares = Math.min(amount0 * supply / before0, amount1 * supply / before1);
            if (shares == 0) revert DepositTooSmall();
        }
        _mint(to, shares);
        record(balance0, balance1);
        emit Deposited(msg.sender, amount0, amount1);
    }

    /// @notice Pays out the part of the reserves that the shares sent to this contract stand for.
    function burn(address to) external lock returns (uint256 amount0, uint256 amount1) {
        (uint256 balance0, uint256 balance1) = balances();
        (uint256 shares, uint256 supply) = (balanceOf(address(this)), totalSupply());
        amount0 = shares * balance0 / supply;
        amount1 = shares * balance1 / supply;
        if (amount0 == 0 || amount1 == 0) revert NothingOut();
        _burn(address(this), shares);
        token0.safeTransfer(to, amount0);
        token1.safeTransfer(to, amount1);
        (balance0, balance1) = balances();
        record(balance0, balance1);
        emit Withdrawn(msg.sender, amount0, amount1, to);
    }

    /// @notice Pays out what is asked for, if what came in before pays for it.
    function swap(uint256 amount0Out, uint256 amount1Out, address to) external lock {
        trade(amount0Out, amount1Out, to);
    }

    /// @notice Takes an approved amount of one token and pays out what it buys of the other.
    function swapExactInput(bool zeroForOne, uint256 amountIn, uint256 amountOutMin, address to)
        external
        lock
        returns (uint256 amountOut)
    {
        (uint256 reserveIn, uint256 reserveOut) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        amountOut = quote(amountIn, reserveIn, reserveOut);
        if (amountOut < amountOutMin) revert OutputBelow(amountOut, amountOutMin);
        (zeroForOne ? token0 : token1).safeTransferFrom(msg.sender, address(this), amountIn);
        zeroForOne ? trade(0, amountOut, to) : trade(amountOut, 0, to);
    }

    /// @notice The most that an amount buys of reserves.
    function quote(uint256 amountIn, uint256 reserveIn, uint256 reserveOut) public pure returns (uint256) {
        uint256 afterFee = amountIn * (1000 - feePerMille);
        return afterFee * reserveOut / (reserveIn * 1000 + afterFee);
    }

    function trade(uint256 amount0Out, uint256 amount1Out, address to) private {
        (uint256 before0, uint256 before1) = (reserve0, reserve1);
        if (amount0Out == 0 && amount1Out == 0) revert NothingOut();
        if (amount0Out >= before0 || amount1Out >= before1) revert ReserveExceeded(amount0Out, amount1Out);
        if (amount0Out > 0) token0.safeTransfer(to, amount0Out);
        if (amount1Out > 0) token1.safeTransfer(to, amount1Out);

        (uint256 balance0, uint256 balance1) = balances();
        uint256 amount0In = Math.saturatingSub(balance0, before0 - amount0Out);
        uint256 amount1In = Math.saturatingSub(balance1, before1 - amount1Out);
        if (amount0In == 0 && amount1In == 0) revert NothingIn();
        uint256 afterFee0 = balance0 * 1000 - amount0In * feePerMille;
        uint256 afterFee1 = balance1 * 1000 - amount1In * feePerMille;
        if (afterFee0 * afterFee1 < before0 * before1 * 1e6) revert ProductLowered();
        record(balance0, balance1);
        emit Swapped(msg.sender, amount0In, amount1In, amount0Out, amount1Out, to);
    }

    function balances() private view returns (uint256, uint256) {
        return (token0.balanceOf(address(this)), token1.balanceOf(address(this)));
    }

    /// @dev The accumulators take in the price that held until now; they and the time wrap around on purpose.
    function record(uint256 balance0, uint256 balance1) private {
        if (balance0 > type(uint112).max || balance1 > type(uint112).max) revert ReserveOverflow();
        uint32 time = uint32(block.timestamp);
        unchecked {
            uint32 elapsed = time - updatedAt;
            if (elapsed > 0 && reserve0 != 0 && reserve1 != 0) {
                price0Accumulator += (uint256(reserve1) << 112) / reserve0 * elapsed;
                price1Accumulator += (uint256(reserve0) << 112) / reserve1 * elapsed;
            }
        }
        (reserve0, reserve1, updatedAt) = (uint112(balance0), uint112(balance1), time);
        emit ReservesChanged(reserve0, reserve1);
    }
}
