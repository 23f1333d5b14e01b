/// The fingerprint of a row of a synchronization. Whoever makes it of the same values in the same
/// order gets the same: Records of what it stores, Batch of what another database has. It finds
/// differences, and is no defence against whoever makes two rows that look alike on purpose.
public struct RowHash: Sendable {
    private var state: UInt64 = 0x2545_F491_4F6C_DD1D

    public init() {}

    public mutating func null() { feed(1) }

    public mutating func integer(_ value: Int64) {
        feed(2)
        feed(UInt64(bitPattern: value))
    }

    public mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        feed(UInt64(bytes.count) << 8 | 3)
        let raw = UnsafeRawBufferPointer(bytes)
        var place = 0
        while place + 8 <= raw.count {
            feed(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
            place += 8
        }
        guard place < raw.count else { return }
        var tail: UInt64 = 0
        for index in place..<raw.count { tail |= UInt64(raw[index]) << UInt64(8 * (index - place)) }
        feed(tail)
    }

    public mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { self.text($0) }
    }

    /// Each step is a bijection of what came before, so that no step loses a difference.
    private mutating func feed(_ word: UInt64) {
        state ^= word
        state &*= 0x9E37_79B9_7F4A_7C15
        state ^= state >> 32
    }

    public var value: UInt64 {
        var result = state
        result ^= result >> 33
        result &*= 0xFF51_AFD7_ED55_8CCD
        result ^= result >> 33
        result &*= 0xC4CE_B9FE_1A85_EC53
        return result ^ result >> 33
    }
}

/// What rows are together, in whatever order: how many, and the sum of their fingerprints.
public struct RowSum: Sendable, Hashable {
    public var count: Int
    public var sum: UInt64

    public init(count: Int = 0, sum: UInt64 = 0) {
        self.count = count
        self.sum = sum
    }

    public mutating func add(_ hash: UInt64) {
        count += 1
        sum &+= hash
    }

    public static func += (a: inout RowSum, b: RowSum) {
        a.count += b.count
        a.sum &+= b.sum
    }
}
