/// How things are written in IMAP commands.
enum IMAPNames {
    /// A string as an argument. It holds no control characters: definitions refuse them.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// A folder as an argument.
    static func folder(_ name: String) -> String { quoted(encoded(name)) }

    /// A folder's name in IMAP's modified UTF-7 (RFC 3501 §5.1.3).
    static func encoded(_ name: String) -> String {
        var result = ""
        var pending: [UInt8] = []
        func flush() {
            guard !pending.isEmpty else { return }
            var encoded = ""
            var bits: UInt32 = 0
            var count = 0
            for byte in pending {
                bits = bits << 8 | UInt32(byte)
                count += 8
                while count >= 6 {
                    count -= 6
                    encoded.unicodeScalars.append(sextet(bits >> UInt32(count)))
                }
            }
            if count > 0 { encoded.unicodeScalars.append(sextet(bits << UInt32(6 - count))) }
            result += "&\(encoded)-"
            pending.removeAll()
        }
        func sextet(_ value: UInt32) -> Unicode.Scalar {
            let byte = TransferEncoding.alphabet[Int(value & 63)]
            return byte == 47 ? "," : Unicode.Scalar(byte)
        }
        for scalar in name.unicodeScalars {
            if (32..<127).contains(scalar.value) {
                flush()
                if scalar == "&" { result += "&-" } else { result.unicodeScalars.append(scalar) }
            } else {
                for unit in String(scalar).utf16 {
                    pending += [UInt8(unit >> 8), UInt8(unit & 255)]
                }
            }
        }
        flush()
        return result
    }

    /// `1:3,7`.
    static func set(_ uids: [UInt64]) -> String {
        var ranges: [(UInt64, UInt64)] = []
        for uid in uids.sorted() {
            if let last = ranges.last, last.1 + 1 == uid || last.1 == uid {
                ranges[ranges.count - 1].1 = uid
            } else {
                ranges.append((uid, uid))
            }
        }
        return ranges.map { $0.0 == $0.1 ? "\($0.0)" : "\($0.0):\($0.1)" }.joined(separator: ",")
    }
}

/// What the ledger calls a mail: `imap:<UIDVALIDITY>:<UID>`, and behind a `#` the beginning of its
/// hash where the server gave the UID to another mail before.
struct IMAPKey: Hashable {
    var validity: UInt64
    var uid: UInt64

    static let largestUID = UInt64(UInt32.max)

    init(validity: UInt64, uid: UInt64) {
        self.validity = validity
        self.uid = uid
    }

    init?(_ text: String) {
        let parts = text.prefix { $0 != "#" }.split(separator: ":")
        guard parts.count == 3, parts[0] == "imap", let validity = UInt64(parts[1]),
            let uid = UInt64(parts[2])
        else { return nil }
        self.init(validity: validity, uid: uid)
    }

    var text: String { "imap:\(validity):\(uid)" }
}
