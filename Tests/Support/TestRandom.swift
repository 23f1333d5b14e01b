import Glibc

/// A small repeatable generator (SplitMix64) for property tests; print its seed.
public struct TestRandom: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A new seed, or the one that `GEARTRAIN_TEST_SEED` repeats.
    public static func seed() -> UInt64 {
        getenv("GEARTRAIN_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
            ?? UInt64.random(in: .min ... .max)
    }
}
