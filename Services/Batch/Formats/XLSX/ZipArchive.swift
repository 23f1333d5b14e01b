/// The directory of a ZIP archive, held against its limits before anything is unpacked. ZIP64,
/// encryption, several volumes and names that lead out of the archive are refused.
struct ZipArchive {
    struct Entry {
        var name: String
        var method: UInt16
        var checksum: UInt
        var packed: Int
        var unpacked: Int
        /// Where its local header stands.
        var offset: Int
    }

    let source: any ByteSource
    private(set) var entries: [String: Entry] = [:]

    init(_ source: any ByteSource) throws {
        self.source = source
        let (offset, size, count) = try Self.findDirectory(source)
        let directory = Bytes(try source.read(at: offset, count: size))
        var at = 0
        var spans: [(start: Int, end: Int)] = []
        for _ in 0..<count {
            let entry = try Self.entry(directory, &at)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw Self.damaged("“\(entry.name)” stands in it twice")
            }
            spans.append((entry.offset, entry.offset + 30 + entry.packed))
        }
        spans.sort { $0.start < $1.start }
        // What shares its bytes with another unpacks to more than the file could hold.
        for (first, second) in zip(spans, spans.dropFirst()) where first.end > second.start {
            throw Self.damaged("parts of it overlap")
        }
        guard spans.last.map({ $0.end <= offset }) ?? true else {
            throw Self.damaged("a part of it is cut off")
        }
    }

    static func damaged(_ reason: String) -> FormatError {
        FormatError("The file is no XLSX file, or it is damaged: \(reason).")
    }

    /// The end of the archive names its directory.
    private static func findDirectory(_ source: any ByteSource) throws -> (
        offset: Int, size: Int, count: Int
    ) {
        let start = max(0, source.size - 65_557)
        let tail = Bytes(try source.read(at: start, count: source.size - start))
        var at = tail.count - 22
        while at >= 0,
            tail.word(at, 4) != 0x0605_4b50 || at + 22 + tail.word(at + 20, 2) != tail.count
        {
            at -= 1
        }
        guard at >= 0 else { throw damaged("its end is missing; it may be cut off") }
        let count = tail.word(at + 10, 2)
        let (size, offset) = (tail.word(at + 12, 4), tail.word(at + 16, 4))
        guard count != 0xffff, size != 0xffff_ffff, offset != 0xffff_ffff else {
            throw damaged("it is a ZIP64 archive, which is not taken")
        }
        guard tail.word(at + 4, 2) == 0, tail.word(at + 8, 2) == count else {
            throw damaged("it has several volumes")
        }
        guard count <= XLSXLimit.entries, size <= XLSXLimit.directoryBytes else {
            throw FormatError("The file has more than \(XLSXLimit.entries) parts.")
        }
        guard offset + size <= start + at else { throw damaged("its directory is cut off") }
        return (offset, size, count)
    }

    private static func entry(_ directory: Bytes, _ at: inout Int) throws(FormatError) -> Entry {
        guard at + 46 <= directory.count, directory.word(at, 4) == 0x0201_4b50 else {
            throw damaged("its directory cannot be read")
        }
        let length = directory.word(at + 28, 2)
        guard at + 46 + length <= directory.count,
            let name = directory.text(at + 46, length), isSafe(name)
        else { throw damaged("a name in it is not taken") }
        guard directory.word(at + 8, 2) & 1 == 0 else { throw damaged("it is encrypted") }
        let entry = Entry(
            name: name, method: UInt16(directory.word(at + 10, 2)),
            checksum: UInt(directory.word(at + 16, 4)), packed: directory.word(at + 20, 4),
            unpacked: directory.word(at + 24, 4), offset: directory.word(at + 42, 4))
        guard entry.packed != 0xffff_ffff, entry.unpacked != 0xffff_ffff else {
            throw damaged("it is a ZIP64 archive, which is not taken")
        }
        guard entry.method == 0 || entry.method == 8 else {
            throw damaged("“\(name)” is packed in an unknown way")
        }
        if entry.unpacked > XLSXLimit.ratioFreeBytes,
            entry.unpacked / max(1, entry.packed) > XLSXLimit.ratio
        {
            throw FormatError(
                "“\(name)” would unpack to more than \(XLSXLimit.ratio) times its size; this is"
                    + " refused.")
        }
        at += 46 + length + directory.word(at + 30, 2) + directory.word(at + 32, 2)
        return entry
    }

    /// No file is ever written under these names; they are refused all the same.
    private static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.contains("\\") && !name.utf8.contains(0)
            && !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }

    /// The bytes of an entry as they are unpacked.
    func open(_ entry: Entry) throws -> ZipPieces {
        let head = Bytes(try source.read(at: entry.offset, count: 30))
        guard head.count == 30, head.word(0, 4) == 0x0403_4b50 else {
            throw Self.damaged("“\(entry.name)” does not stand where it should")
        }
        let start = entry.offset + 30 + head.word(26, 2) + head.word(28, 2)
        guard start + entry.packed <= source.size else { throw Self.damaged("it is cut off") }
        return try ZipPieces(source, entry, start: start)
    }

    /// A whole small entry; nil where there is none.
    func part(_ name: String) throws -> [UInt8]? {
        guard let entry = entries[name] else { return nil }
        guard entry.unpacked <= XLSXLimit.partBytes else {
            throw FormatError("“\(name)” is larger than \(XLSXLimit.partBytes) bytes.")
        }
        var pieces = try open(entry)
        var bytes: [UInt8] = []
        while true {
            let piece = try pieces.next()
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }
}

/// An entry of an archive, unpacked piece by piece: never more than it says, and what it says.
struct ZipPieces {
    private static let pieceBytes = 128 << 10

    private let source: any ByteSource
    private let entry: ZipArchive.Entry
    private var offset: Int
    private let end: Int
    private let inflate: Inflate
    private var packed: ArraySlice<UInt8> = []

    init(_ source: any ByteSource, _ entry: ZipArchive.Entry, start: Int) throws {
        self.source = source
        self.entry = entry
        offset = start
        end = start + entry.packed
        inflate = try Inflate()
    }

    /// The next piece; empty at the end.
    mutating func next() throws -> [UInt8] {
        if entry.method == 0 { return try nextStored() }
        while !inflate.hasEnded {
            if packed.isEmpty, offset < end {
                packed = try source.read(
                    at: offset, count: min(Self.pieceBytes, end - offset))[...]
                guard !packed.isEmpty else { throw ZipArchive.damaged("it is cut off") }
                offset += packed.count
            }
            let isOver = packed.isEmpty
            let (bytes, used) = try inflate.unpack(packed, room: Self.pieceBytes)
            packed = packed.dropFirst(used)
            guard inflate.unpacked <= entry.unpacked else {
                throw ZipArchive.damaged("“\(entry.name)” unpacks to more than it says")
            }
            if !bytes.isEmpty { return bytes }
            guard inflate.hasEnded || !isOver || used > 0 else {
                throw ZipArchive.damaged("“\(entry.name)” ends too early")
            }
        }
        guard inflate.unpacked == entry.unpacked, inflate.checksum == entry.checksum else {
            throw ZipArchive.damaged("“\(entry.name)” is not what it was when it was packed")
        }
        return []
    }

    private mutating func nextStored() throws -> [UInt8] {
        guard entry.packed == entry.unpacked else {
            throw ZipArchive.damaged("“\(entry.name)” is not as large as it says")
        }
        let bytes = try source.read(at: offset, count: min(Self.pieceBytes, end - offset))
        offset += bytes.count
        return bytes
    }
}

/// Little-endian words.
private struct Bytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func word(_ at: Int, _ length: Int) -> Int {
        guard at >= 0, at + length <= bytes.count else { return 0 }
        return (0..<length).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    func text(_ at: Int, _ length: Int) -> String? {
        String(validating: bytes[at..<at + length], as: UTF8.self)
    }
}
