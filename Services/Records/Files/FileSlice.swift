/// The bytes of a range that a caller asks for (RFC 9110, 14): one of `bytes=0-99`, `bytes=100-`
/// and `bytes=-100`. Anything else, such as several ranges, is as if nothing was asked.
struct ByteRange: Sendable {
    /// Nil where the whole is asked for. Throws where the content has no such bytes. `tag` is what
    /// `If-Range` names: of another content than this one the caller has no part yet.
    static func read(
        _ header: String?, ifRange tag: String?, of content: FileStore.Content
    ) throws(RecordsError) -> Range<Int64>? {
        guard let header, tag == nil || tag == "\"\(content.sha256)\"" else { return nil }
        let parts = header.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        // More digits than fit are beyond the end of everything.
        let numbers = ends.map { $0.isEmpty ? nil : Int64($0) ?? Int64.max }
        let length = content.bytes
        let range: Range<Int64>
        switch (numbers[0], numbers[1]) {
        case (nil, nil): return nil
        case (nil, let count?): range = max(0, length - min(count, length))..<length
        case (let first?, nil): range = min(first, length)..<length
        case (let first?, let last?):
            guard first <= last else { return nil }
            range = min(first, length)..<(last < length ? last + 1 : length)
        }
        guard !range.isEmpty else { throw .noSuchRange(length: length) }
        return range
    }
}

/// A part of a content on its way out, or the whole. All of it is read, since only all of it has
/// the hash: the last piece is given when it does.
struct FileSlice {
    private let reader: FileReader
    private let range: Range<Int64>
    private var offset: Int64 = 0
    private var held: [UInt8]?

    init(_ reader: FileReader, _ range: Range<Int64>) {
        self.reader = reader
        self.range = range
    }

    /// The next piece; nil at the end.
    mutating func next() async throws -> [UInt8]? {
        while let piece = try await reader.next() {
            let start = offset
            offset += Int64(piece.count)
            let (first, end) = (max(range.lowerBound, start), min(range.upperBound, offset))
            guard first < end else { continue }
            let before = held
            held = Array(piece[Int(first - start)..<Int(end - start)])
            if let before { return before }
        }
        defer { held = nil }
        return held
    }

    /// All of it at once.
    mutating func all() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() { bytes += piece }
        return bytes
    }
}
