/// The server's side of NTLMv2 (MS-NLMP), for a test server that checks the password as Exchange
/// does. MD4 and MD5 are here because that is all that they are good for.
enum NTLM {
    private static let signature = Array("NTLMSSP\0".utf8)

    /// 1: the client begins, 3: it proves; nil where it is neither.
    static func kind(_ message: [UInt8]) -> Int? {
        guard message.starts(with: signature), message.count >= 12 else { return nil }
        return Int(message[8])
    }

    /// The second message: a challenge of 8 bytes, and who the server is.
    static func challenge(_ challenge: [UInt8]) -> [UInt8] {
        let name = utf16("GEARTRAIN")
        var target: [UInt8] = []
        // Domain and machine, the time, the end.
        for kind in [2, 1] { target += word(kind) + word(name.count) + name }
        target +=
            word(7) + word(8) + [0, 0x80, 0x3E, 0xD5, 0xDE, 0xB1, 0x9D, 1] + word(0) + word(0)
        let start = 56
        // Unicode, target, NTLM, always sign, extended security, target information, version, 128.
        let flags: [UInt8] = [0x05, 0x82, 0x8A, 0xA2]
        return signature + long(2) + word(name.count) + word(name.count) + long(start) + flags
            + challenge + [UInt8](repeating: 0, count: 8) + word(target.count) + word(target.count)
            + long(start + name.count) + [10, 0, 0x63, 0x45, 0, 0, 0, 15] + name + target
    }

    /// Whether the third message proves the password to the challenge; the user is in it.
    static func user(
        _ message: [UInt8], challenge: [UInt8], password: String
    ) -> String? {
        func field(_ offset: Int) -> [UInt8]? {
            guard message.count >= offset + 8 else { return nil }
            let length = Int(message[offset]) | Int(message[offset + 1]) << 8
            let start =
                Int(message[offset + 4]) | Int(message[offset + 5]) << 8
                | Int(message[offset + 6]) << 16
            guard start + length <= message.count else { return nil }
            return Array(message[start..<(start + length)])
        }
        guard let answer = field(20), answer.count > 24, let domain = field(28),
            let name = field(36)
        else { return nil }
        let user = text(name)
        let key = hmac(MD.md4(utf16(password)), utf16(user.uppercased()) + domain)
        guard hmac(key, challenge + answer[16...]) == Array(answer[..<16]) else { return nil }
        return text(domain) + "\\" + user
    }

    static func utf16(_ text: String) -> [UInt8] {
        text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        let units = stride(from: 0, to: bytes.count - 1, by: 2).map {
            UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static func word(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
    private static func long(_ value: Int) -> [UInt8] { word(value) + [0, 0] }

    static func hmac(_ key: [UInt8], _ text: [UInt8]) -> [UInt8] {
        let padded = key + [UInt8](repeating: 0, count: 64 - key.count)
        return MD.md5(padded.map { $0 ^ 0x5C } + MD.md5(padded.map { $0 ^ 0x36 } + text))
    }
}

/// MD4 (RFC 1320) and MD5 (RFC 1321).
enum MD {
    static func md4(_ text: [UInt8]) -> [UInt8] {
        hash(text) { state, x in
            var (a, b, c, d) = (state[0], state[1], state[2], state[3])
            func turn(_ value: UInt32, _ by: UInt32) {
                (a, d, c, b) = (d, c, b, value << by | value >> (32 - by))
            }
            for i in 0..<16 {
                turn(a &+ (b & c | ~b & d) &+ x[i], [3, 7, 11, 19][i % 4])
            }
            for i in 0..<16 {
                let word = x[i % 4 * 4 + i / 4]
                turn(a &+ (b & c | b & d | c & d) &+ word &+ 0x5A82_7999, [3, 5, 9, 13][i % 4])
            }
            let order = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]
            for i in 0..<16 {
                turn(a &+ (b ^ c ^ d) &+ x[order[i]] &+ 0x6ED9_EBA1, [3, 9, 11, 15][i % 4])
            }
            return [a, b, c, d]
        }
    }

    private static let shifts: [[UInt32]] = [
        [7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21],
    ]

    /// ⌊2³² · |sin(i + 1)|⌋, by a series: there is no need of a library for that.
    private static let sines: [UInt32] = (1...64).map { number in
        var x = Double(number)
        while x > .pi { x -= 2 * .pi }
        var (term, sum) = (x, x)
        for n in 1...20 {
            term *= -x * x / Double(2 * n * (2 * n + 1))
            sum += term
        }
        return UInt32(4_294_967_296 * abs(sum))
    }

    static func md5(_ text: [UInt8]) -> [UInt8] {
        hash(text) { state, x in
            var (a, b, c, d) = (state[0], state[1], state[2], state[3])
            for i in 0..<64 {
                let round = i / 16
                let (f, word): (UInt32, Int) =
                    switch round {
                    case 0: (b & c | ~b & d, i)
                    case 1: (d & b | ~d & c, (5 * i + 1) % 16)
                    case 2: (b ^ c ^ d, (3 * i + 5) % 16)
                    default: (c ^ (b | ~d), 7 * i % 16)
                    }
                let value = a &+ f &+ sines[i] &+ x[word]
                let by = shifts[round][i % 4]
                (a, d, c, b) = (d, c, b, b &+ (value << by | value >> (32 - by)))
            }
            return [a, b, c, d]
        }
    }

    private static func hash(
        _ text: [UInt8], _ block: ([UInt32], [UInt32]) -> [UInt32]
    ) -> [UInt8] {
        var all = text + [0x80]
        while all.count % 64 != 56 { all.append(0) }
        let bits = text.count * 8
        for shift in 0..<8 { all.append(UInt8(truncatingIfNeeded: bits >> (8 * shift))) }
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
        for start in stride(from: 0, to: all.count, by: 64) {
            let words = (0..<16).map { index -> UInt32 in
                let at = start + index * 4
                return (0..<4).reduce(0) { $0 | UInt32(all[at + $1]) << UInt32(8 * $1) }
            }
            state = zip(state, block(state, words)).map { $0 &+ $1 }
        }
        return state.flatMap { word in (0..<4).map { UInt8(word >> UInt32(8 * $0) & 255) } }
    }
}
