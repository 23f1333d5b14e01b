/// A pull reader over bytes with full validation, for the hot path: no tree in between.
///
/// Object: `try beginObject(); while let key = try nextKey() { switch key { case "a": try
/// readString() … default: try skip() } }`. Array: `try beginArray(); while try nextElement() { …
/// }`.
///
/// Keys of up to 15 bytes cost no allocation (Swift keeps them inside the `String`).
public struct JSONReader {
    /// An object or array that is open.
    struct Frame {
        let isObject: Bool
        var isFirst = true
        /// The element's position, for the pointer.
        var index = -1
        /// Where this object's keys begin in `keys`.
        let firstKey: Int
    }

    /// A key that was read: where it stands in the text, or in `unescaped` where it has escapes.
    struct Key {
        let start: Int
        let end: Int
        let isEscaped: Bool
        let hash: UInt64
    }

    /// From this many keys on, an object's keys are kept in a set.
    static let comparedKeys = 48
    /// Longer exponents are refused: nothing has such a number, and comparing it would not be
    /// cheap.
    static let exponentDigits = 17

    let bytes: [UInt8]
    let depth: Int
    var position = 0
    var frames: [Frame] = []
    var keys: [Key] = []
    /// The keys of an open object, by its depth, once there are too many to compare one by one.
    var sets: [Int: Set<[UInt8]>] = [:]
    var unescaped: [UInt8] = []

    public init(_ bytes: [UInt8], depth: Int = 64) {
        self.bytes = bytes
        self.depth = depth
    }

    public mutating func beginObject() throws(JSONError) {
        try begin(0x7B, "an object")
    }

    public mutating func beginArray() throws(JSONError) {
        try begin(0x5B, "an array")
    }

    /// The next key, or nil at the end of the object. Repeated keys are an error.
    public mutating func nextKey() throws(JSONError) -> String? {
        guard let key = try advanceKey() else { return nil }
        return text(of: key)
    }

    /// Whether another element follows.
    public mutating func nextElement() throws(JSONError) -> Bool {
        guard let frame = frames.last, !frame.isObject else {
            throw malformed("an array was expected here")
        }
        skipBlanks()
        if peek == 0x5D {
            position += 1
            frames.removeLast()
            return false
        }
        if frame.isFirst {
            frames[frames.count - 1].isFirst = false
        } else {
            guard peek == 0x2C else { throw syntax("“,” or “]”") }
            position += 1
        }
        frames[frames.count - 1].index += 1
        return true
    }

    public mutating func readString() throws(JSONError) -> String {
        skipBlanks()
        guard peek == 0x22 else { throw mismatch("a string") }
        return try string()
    }

    /// A whole number within Int64, however it is written (`1e2`, `1.0`).
    public mutating func readInteger() throws(JSONError) -> Int64 {
        skipBlanks()
        let start = position
        guard let first = peek, first == 0x2D || (0x30...0x39).contains(first) else {
            throw mismatch("a whole number")
        }
        let end = try scanNumber()
        position = end
        if let value = smallInteger(start, end) ?? number(start, end).integer { return value }
        position = start
        throw unexpected("this must be a whole number within 64 bits")
    }

    public mutating func readNumber() throws(JSONError) -> JSONNumber {
        skipBlanks()
        let start = position
        guard let first = peek, first == 0x2D || (0x30...0x39).contains(first) else {
            throw mismatch("a number")
        }
        position = try scanNumber()
        return number(start, position)
    }

    public mutating func readBoolean() throws(JSONError) -> Bool {
        skipBlanks()
        switch peek {
        case 0x74:
            try literal("true")
            return true
        case 0x66:
            try literal("false")
            return false
        default: throw mismatch("true or false")
        }
    }

    /// Consumes `null` if it is next.
    public mutating func readNull() throws(JSONError) -> Bool {
        skipBlanks()
        guard peek == 0x6E else { return false }
        try literal("null")
        return true
    }

    public mutating func readValue() throws(JSONError) -> JSONValue {
        skipBlanks()
        switch peek {
        case 0x22: return .string(try string())
        case 0x7B:
            try beginObject()
            var members: [(key: String, value: JSONValue)] = []
            while let key = try nextKey() { members.append((key, try readValue())) }
            return .object(JSONObject(distinct: members))
        case 0x5B:
            try beginArray()
            var elements: [JSONValue] = []
            while try nextElement() { elements.append(try readValue()) }
            return .array(elements)
        case 0x74, 0x66: return .boolean(try readBoolean())
        case 0x6E:
            try literal("null")
            return .null
        case .some(let byte) where byte == 0x2D || (0x30...0x39).contains(byte):
            return .number(try readNumber())
        default: throw syntax("a value")
        }
    }

    /// The bytes of the next value, validated.
    public mutating func readRaw() throws(JSONError) -> JSONBytes {
        skipBlanks()
        let start = position
        try skip()
        return JSONBytes(Array(bytes[start..<position]))
    }

    /// Passes over the next value, which is validated all the same.
    public mutating func skip() throws(JSONError) {
        skipBlanks()
        switch peek {
        case 0x22: _ = try scanString()
        case 0x7B:
            try beginObject()
            while try advanceKey() != nil { try skip() }
        case 0x5B:
            try beginArray()
            while try nextElement() { try skip() }
        case 0x74: try literal("true")
        case 0x66: try literal("false")
        case 0x6E: try literal("null")
        case .some(let byte) where byte == 0x2D || (0x30...0x39).contains(byte):
            position = try scanNumber()
        default: throw syntax("a value")
        }
    }

    /// Nothing but blanks may follow.
    public mutating func finish() throws(JSONError) {
        skipBlanks()
        if position < bytes.count { throw malformed("there is something after the end") }
    }

    /// The pointer to where the reader stands.
    public var pointer: String {
        var result = ""
        for (place, frame) in frames.enumerated() {
            if frame.isObject {
                let end = place + 1 < frames.count ? frames[place + 1].firstKey : keys.count
                if end > frame.firstKey {
                    result += "/" + JSONPointer.escaped(text(of: keys[end - 1]))
                }
            } else if frame.index >= 0 {
                result += "/\(frame.index)"
            }
        }
        return result
    }

    /// An error of kind `unexpected` at this place.
    public func unexpected(_ detail: String) -> JSONError { error(.unexpected, detail) }
}

extension JSONReader {
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipBlanks() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private mutating func begin(_ byte: UInt8, _ what: String) throws(JSONError) {
        skipBlanks()
        guard peek == byte else { throw mismatch(what) }
        guard frames.count < depth else { throw malformed("nested deeper than \(depth) levels") }
        position += 1
        if frames.capacity == 0 {
            frames.reserveCapacity(8)
            keys.reserveCapacity(32)
        }
        frames.append(Frame(isObject: byte == 0x7B, firstKey: keys.count))
    }

    /// Reads a key and its colon; nil at the end of the object.
    mutating func advanceKey() throws(JSONError) -> Key? {
        guard let frame = frames.last, frame.isObject else {
            throw malformed("an object was expected here")
        }
        skipBlanks()
        if peek == 0x7D {
            position += 1
            keys.removeLast(keys.count - frame.firstKey)
            if !sets.isEmpty { sets[frames.count] = nil }
            frames.removeLast()
            return nil
        }
        if frame.isFirst {
            frames[frames.count - 1].isFirst = false
        } else {
            guard peek == 0x2C else { throw syntax("“,” or “}”") }
            position += 1
            skipBlanks()
        }
        guard peek == 0x22 else { throw syntax("a key in quotes") }
        let key = try scanKey()
        skipBlanks()
        guard peek == 0x3A else { throw syntax("“:”") }
        position += 1
        return key
    }

    private mutating func scanKey() throws(JSONError) -> Key {
        let quote = position
        let isEscaped = try scanString()
        var start = quote + 1
        var end = position - 1
        if isEscaped {
            let decoded = unescape(start, end)
            start = unescaped.count
            unescaped.append(contentsOf: decoded)
            end = unescaped.count
        }
        let hash = isEscaped ? hash(unescaped, start, end) : hash(bytes, start, end)
        let key = Key(start: start, end: end, isEscaped: isEscaped, hash: hash)
        if isRepeated(key) {
            position = quote
            throw malformed("the key “\(text(of: key))” stands twice in this object")
        }
        keys.append(key)
        return key
    }

    /// FNV-1a: quick for short texts; a collision costs one comparison.
    private func hash(_ source: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for place in start..<end { hash = (hash ^ UInt64(source[place])) &* 0x100_0000_01B3 }
        return hash
    }

    private mutating func isRepeated(_ key: Key) -> Bool {
        let first = frames[frames.count - 1].firstKey
        guard keys.count - first < JSONReader.comparedKeys else {
            // Chosen collisions of the hash must not make many keys slow; the set's are seeded.
            let seen = sets[frames.count] ?? Set(keys[first...].map { utf8(of: $0) })
            sets[frames.count] = nil
            return isRepeated(utf8(of: key), among: seen)
        }
        var place = first
        while place < keys.count {
            let other = keys[place]
            if other.hash == key.hash, other.length == key.length, utf8(of: other) == utf8(of: key)
            {
                return true
            }
            place += 1
        }
        return false
    }

    /// Takes the set over, so that it has one owner and is not copied.
    private mutating func isRepeated(_ key: [UInt8], among seen: consuming Set<[UInt8]>) -> Bool {
        let isNew = seen.insert(key).inserted
        sets[frames.count] = seen
        return !isNew
    }

    /// Only called with bytes that were validated.
    func text(of key: Key) -> String {
        if key.isEscaped {
            return String(decoding: unescaped[key.start..<key.end], as: UTF8.self)
        }
        return bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[key.start..<key.end]), as: UTF8.self)
        }
    }

    private func utf8(of key: Key) -> [UInt8] {
        Array((key.isEscaped ? unescaped : bytes)[key.start..<key.end])
    }

    private mutating func literal(_ word: StaticString) throws(JSONError) {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { throw syntax("“\(word)”") }
        for place in 0..<length where bytes[position + place] != word.utf8Start[place] {
            throw syntax("“\(word)”")
        }
        position += length
    }

    private func number(_ start: Int, _ end: Int) -> JSONNumber {
        JSONNumber(valid: String(decoding: bytes[start..<end], as: UTF8.self))
    }

    /// Up to 18 plain digits, which cannot overflow.
    private func smallInteger(_ start: Int, _ end: Int) -> Int64? {
        let isNegative = bytes[start] == 0x2D
        let first = isNegative ? start + 1 : start
        guard end - first <= 18 else { return nil }
        var value: Int64 = 0
        for place in first..<end {
            let byte = bytes[place]
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return isNegative ? -value : value
    }

    /// The end of the number that begins here.
    private mutating func scanNumber() throws(JSONError) -> Int {
        switch JSONNumber.scan(bytes, from: position) {
        case .end(let end): return end
        case .fault(let place, let detail):
            position = place
            throw malformed(detail)
        }
    }
}

extension JSONReader.Key {
    var length: Int { end - start }
}
