import Glibc

/// Content as DATA takes it, piece by piece: a dot at the start of a line doubled, and a line end
/// at the end.
struct DotStuffing {
    private var atLineStart = true

    mutating func stuffed(_ piece: [UInt8]) -> [UInt8] {
        guard let last = piece.last else { return [] }
        var result: [UInt8] = []
        result.reserveCapacity(piece.count + 16)
        if atLineStart, piece[0] == ASCII.dot { result.append(ASCII.dot) }
        piece.withUnsafeBytes { bytes in
            var start = 0
            var index = 0
            // From line end to line end.
            while index < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + index, Int32(ASCII.lf), bytes.count - index)
            {
                index = base.distance(to: UnsafeRawPointer(found)) + 1
                guard index < bytes.count, bytes[index] == ASCII.dot else { continue }
                result += bytes[start..<index]
                result.append(ASCII.dot)
                start = index
            }
            result += bytes[start...]
        }
        atLineStart = last == ASCII.lf
        return result
    }

    /// What is missing before the final dot.
    var end: [UInt8] { atLineStart ? [] : [ASCII.cr, ASCII.lf] }
}
