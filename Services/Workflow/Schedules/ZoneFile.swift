import ServiceRuntime

/// Reads time zones from the files of the system's time zone database (TZif, RFC 8536).
enum ZoneFile {
    /// Where Debian's package `tzdata` puts them.
    static let folder = "/usr/share/zoneinfo"
    /// The largest of the database has some 4 KiB.
    static let sizeLimit = 256 << 10
    static let nameLimit = 64

    /// The zone of an IANA name. `UTC` needs no file.
    static func zone(_ name: String, in folder: String = ZoneFile.folder) throws(ZoneError)
        -> TimeZone
    {
        if name == "UTC" { return .utc }
        guard isName(name) else { throw .unknown(name) }
        let path = folder + "/" + name
        guard Files.exists(folder) else { throw .noDatabase(folder) }
        guard let status = Files.status(path), !status.isFolder else { throw .unknown(name) }
        guard let bytes = try? Files.read(path, limit: sizeLimit) else {
            throw .unreadable(path)
        }
        guard let zone = parse(bytes, name: name) else { throw .unreadable(path) }
        return zone
    }

    /// Names as IANA makes them, so that no path leads out of the folder.
    static func isName(_ name: String) -> Bool {
        guard name.utf8.count <= nameLimit else { return false }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            guard let first = part.utf8.first, (0x41...0x5A).contains(first) else { return false }
            return part.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF)
                    || [0x2B, 0x2D, 0x5F].contains($0)
            }
        }
    }

    /// Nil where the bytes are no such file, or one whose times count leap seconds.
    static func parse(_ bytes: [UInt8], name: String) -> TimeZone? {
        var reader = BigEndianReader(bytes)
        guard let first = Header(&reader) else { return nil }
        guard first.version >= 2 else { return table(first, &reader, 4, name: name) }
        guard reader.skip(first.length(timeSize: 4)), let second = Header(&reader),
            let zone = table(second, &reader, 8, name: name)
        else { return nil }
        return zone
    }

    private static func table(
        _ header: Header, _ reader: inout BigEndianReader, _ timeSize: Int, name: String
    ) -> TimeZone? {
        guard header.leaps == 0, (1...256).contains(header.types),
            reader.has(header.length(timeSize: timeSize))
        else { return nil }
        let times = (0..<header.times).compactMap { _ in reader.integer(timeSize) }
        let types = (0..<header.times).compactMap { _ in reader.integer(1) }
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            guard let offset = reader.integer(4), reader.skip(2) else { return nil }
            offsets.append(offset)
        }
        guard times.count == header.times, types.count == header.times,
            reader.skip(header.characters + header.standards + header.universals),
            offsets.allSatisfy({ abs($0) < 93_600 })
        else { return nil }
        var transitions: [(time: Int64, offset: Int64)] = []
        for (time, type) in zip(times, types) {
            // A byte is read with its sign.
            let index = Int(type & 0xFF)
            guard index < offsets.count, time > transitions.last?.time ?? .min else { return nil }
            transitions.append((max(time, TimeZone.distantPast), offsets[index]))
        }
        var rule: PosixZone?
        if timeSize == 8 {
            guard let line = reader.line() else { return nil }
            if !line.isEmpty {
                guard let read = PosixZone(line) else { return nil }
                rule = read
            }
        }
        return TimeZone(
            name: name, transitions: transitions, firstOffset: offsets[0], rule: rule)
    }

    private struct Header {
        var version = 1
        var universals = 0
        var standards = 0
        var leaps = 0
        var times = 0
        var types = 0
        var characters = 0

        init?(_ reader: inout BigEndianReader) {
            guard reader.take([0x54, 0x5A, 0x69, 0x66]), let version = reader.integer(1),
                reader.skip(15)
            else { return nil }
            if version >= 0x32 { self.version = Int(version) - 0x30 }
            var counts: [Int] = []
            for _ in 0..<6 {
                guard let count = reader.integer(4), (0...ZoneFile.sizeLimit).contains(Int(count))
                else { return nil }
                counts.append(Int(count))
            }
            (universals, standards, leaps) = (counts[0], counts[1], counts[2])
            (times, types, characters) = (counts[3], counts[4], counts[5])
        }

        func length(timeSize: Int) -> Int {
            times * (timeSize + 1) + types * 6 + characters + leaps * (timeSize + 4) + standards
                + universals
        }
    }
}

/// Why there is no such zone.
enum ZoneError: Error, Sendable {
    case unknown(String)
    case unreadable(String)
    case noDatabase(String)

    var detail: String {
        switch self {
        case .unknown(let name):
            "“\(name)” is no time zone of this system; write a name such as Europe/Prague or UTC."
        case .unreadable(let path): "The time zone file \(path) cannot be read."
        case .noDatabase(let folder):
            "This system has no time zones in \(folder); install the package tzdata, or write UTC."
        }
    }
}

/// Reads integers of network byte order from the front of bytes.
private struct BigEndianReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func has(_ count: Int) -> Bool { bytes.count - place >= count }

    mutating func skip(_ count: Int) -> Bool {
        guard has(count) else { return false }
        place += count
        return true
    }

    mutating func take(_ expected: [UInt8]) -> Bool {
        guard has(expected.count),
            bytes[place..<place + expected.count].elementsEqual(expected)
        else { return false }
        return skip(expected.count)
    }

    /// With its sign.
    mutating func integer(_ size: Int) -> Int64? {
        guard has(size), let first = bytes[place..<place + size].first else { return nil }
        var value: Int64 = first >= 0x80 ? -1 : 0
        for byte in bytes[place..<place + size] { value = value << 8 | Int64(byte) }
        place += size
        return value
    }

    /// A line between two line feeds.
    mutating func line() -> String? {
        guard take([0x0A]), let end = bytes[place...].firstIndex(of: 0x0A) else { return nil }
        defer { place = end + 1 }
        return String(decoding: bytes[place..<end], as: UTF8.self)
    }
}
