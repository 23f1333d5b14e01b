import CLinux
import Glibc
import Synchronization

/// Randomness as a parameter.
public protocol RandomSource: Sendable {
    /// `count` random bytes.
    func bytes(_ count: Int) -> [UInt8]
}

/// The kernel's generator, fit for keys and tokens.
public struct SystemRandom: RandomSource {
    public init() {}

    public func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = geartrain_random(
                    buffer.baseAddress?.advanced(by: filled), count - filled)
                if got > 0 { filled += got }
                // Only EINTR can be met: the pool is ready before any service starts.
                precondition(got > 0 || errno == EINTR, "the kernel gives no random bytes")
            }
        }
    }
}

/// A repeatable generator for tests and simulations (xoshiro256**, seeded by SplitMix64); never for
/// secrets.
public final class SeededRandom: RandomSource {
    private struct State {
        var a: UInt64, b: UInt64, c: UInt64, d: UInt64

        init(seed: UInt64) {
            var seed = seed
            func split() -> UInt64 {
                seed &+= 0x9E37_79B9_7F4A_7C15
                var z = seed
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                return z ^ (z >> 31)
            }
            a = split()
            b = split()
            c = split()
            d = split()
        }

        mutating func next() -> UInt64 {
            func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
            let result = rotated(b &* 5, 7) &* 9
            let t = b << 17
            c ^= a
            d ^= b
            b ^= c
            a ^= d
            c ^= t
            d = rotated(d, 45)
            return result
        }
    }

    private let state: Mutex<State>

    public init(seed: UInt64) { state = Mutex(State(seed: seed)) }

    /// The next 64 bits.
    public func next() -> UInt64 { state.withLock { $0.next() } }

    public func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            var result: [UInt8] = []
            result.reserveCapacity(count)
            while result.count < count {
                var word = state.next()
                for _ in 0..<min(8, count - result.count) {
                    result.append(UInt8(truncatingIfNeeded: word))
                    word >>= 8
                }
            }
            return result
        }
    }

    /// A number in 0..<limit; 0 where `limit` is not positive.
    public func below(_ limit: Int) -> Int {
        limit <= 0 ? 0 : Int(next() % UInt64(limit))
    }
}

extension RandomSource {
    /// A new identifier: 26 characters of Crockford base32, sortable by `time` (ULID).
    public func identifier(at time: Timestamp) -> String {
        let random = bytes(10)
        let stamp = UInt64(clamping: time.milliseconds) & 0xFFFF_FFFF_FFFF
        return String(unsafeUninitializedCapacity: 26) { out in
            for place in 0..<10 {
                out[place] = crockford(UInt8(truncatingIfNeeded: stamp >> UInt64(45 - 5 * place)))
            }
            // Five random bytes make eight characters.
            for half in 0..<2 {
                let word = random[(half * 5)..<(half * 5 + 5)].reduce(UInt64(0)) {
                    $0 << 8 | UInt64($1)
                }
                for place in 0..<8 {
                    let digit = UInt8(truncatingIfNeeded: word >> UInt64(35 - 5 * place))
                    out[10 + half * 8 + place] = crockford(digit)
                }
            }
            return 26
        }
    }

    /// `count` random bytes as base64url without padding, for tokens.
    public func token(_ count: Int = 32) -> String {
        let bytes = bytes(count)
        var text: [UInt8] = []
        text.reserveCapacity((count * 4 + 2) / 3)
        for start in stride(from: 0, to: count, by: 3) {
            let group = bytes[start..<min(start + 3, count)]
            var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            word <<= UInt32(8 * (3 - group.count))
            for place in 0...group.count {
                text.append(base64URL(UInt8(truncatingIfNeeded: word >> UInt32(18 - 6 * place))))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A number in 0..<1, for jitter.
    public func fraction() -> Double {
        let word = bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(word >> 11) / Double(UInt64(1) << 53)
    }
}

/// The digit of the low five bits: 0-9 and the letters without I, L, O and U.
private func crockford(_ bits: UInt8) -> UInt8 {
    let value = bits & 31
    switch value {
    case 0...9: return 0x30 + value
    case 10...17: return 0x41 + value - 10
    case 18, 19: return 0x4A + value - 18
    case 20, 21: return 0x4D + value - 20
    case 22...26: return 0x50 + value - 22
    default: return 0x56 + value - 27
    }
}

/// The digit of the low six bits in base64url.
private func base64URL(_ bits: UInt8) -> UInt8 {
    let value = bits & 63
    switch value {
    case 0...25: return 0x41 + value
    case 26...51: return 0x61 + value - 26
    case 52...61: return 0x30 + value - 52
    case 62: return 0x2D
    default: return 0x5F
    }
}
