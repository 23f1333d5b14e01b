/// Randomness as a parameter.
public protocol RandomSource: Sendable {
    /// `count` random bytes.
    func bytes(_ count: Int) -> [UInt8]
}

/// The kernel's generator, fit for keys and tokens.
public struct SystemRandom: RandomSource {
    public init() {}
    public func bytes(_ count: Int) -> [UInt8] { fatalError("stub") }
}

/// A repeatable generator for tests and simulations; never for secrets.
public final class SeededRandom: RandomSource {
    public init(seed: UInt64) { fatalError("stub") }
    public func bytes(_ count: Int) -> [UInt8] { fatalError("stub") }
}

extension RandomSource {
    /// A new identifier: 26 characters of Crockford base32, sortable by `time` (ULID).
    public func identifier(at time: Timestamp) -> String { fatalError("stub") }
    /// `count` random bytes as base64url without padding, for tokens.
    public func token(_ count: Int = 32) -> String { fatalError("stub") }
    /// A number in 0..<1, for jitter.
    public func fraction() -> Double { fatalError("stub") }
}
