import Glibc

/// The C library's conversion from one encoding to another, in pieces. Used by one task at a time.
final class TextTranscoder: @unchecked Sendable {
    /// Stands for a byte that means nothing: it is none of UTF-8 either, so that whoever checks a
    /// row finds it.
    static let invalid: UInt8 = 0xff

    private let handle: iconv_t
    private var kept: [UInt8] = []

    /// Nil where the library does not have them.
    init?(from source: String, to target: String) {
        guard let handle = iconv_open(target, source), Int(bitPattern: handle) != -1 else {
            return nil
        }
        self.handle = handle
    }

    deinit { iconv_close(handle) }

    /// The next piece; half a character at its end waits for the next one, unless it is the last.
    /// Each byte that cannot be converted becomes `mark`; `faults` counts them.
    func convert(
        _ piece: some Collection<UInt8>, isLast: Bool, mark: UInt8 = TextTranscoder.invalid,
        faults: inout Int
    ) -> [UInt8] {
        var input = kept + piece
        kept = []
        var result: [UInt8] = []
        result.reserveCapacity(input.count * 3 / 2)
        var at = 0
        while at < input.count {
            let step = step(&input, at, into: &result)
            at += step.used
            switch step.failure {
            case 0, E2BIG: continue
            case EINVAL where !isLast:
                kept = Array(input[at...])
                return result
            default:
                faults += 1
                result.append(mark)
                at += 1
            }
        }
        return result
    }

    private func step(
        _ input: inout [UInt8], _ at: Int, into result: inout [UInt8]
    ) -> (used: Int, failure: Int32) {
        let room = max(64, (input.count - at) * 2)
        var used = 0
        var failure: Int32 = 0
        let made = [UInt8](unsafeUninitializedCapacity: room) { output, count in
            input.withUnsafeMutableBytes { bytes in
                let start = bytes.baseAddress.map {
                    ($0 + at).assumingMemoryBound(to: CChar.self)
                }
                var from = start
                var left = bytes.count - at
                var free = room
                output.withMemoryRebound(to: CChar.self) { output in
                    var to = output.baseAddress
                    if iconv(handle, &from, &left, &to, &free) == -1 { failure = errno }
                }
                used = bytes.count - at - left
                count = room - free
            }
        }
        result += made
        return (used, failure)
    }
}

extension TextEncoding {
    /// Of the encodings whose characters have several bytes, the C library's name. Their bytes may
    /// look like ASCII within a character, so a file is converted before it is split into fields.
    var multibyteName: String? {
        switch self {
        // What such files are in truth: with the additions of Windows.
        case .shiftJIS: "CP932"
        case .eucJP: "EUC-JP"
        case .gb18030: "GB18030"
        case .big5: "BIG5"
        case .eucKR: "CP949"
        default: nil
        }
    }

    /// What comes is UTF-8 by the time it is split into fields.
    var isConverted: Bool { self == .utf16 || multibyteName != nil }

    /// The text's bytes in an encoding of several bytes a character; nil where it lacks one.
    func encoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard let name = multibyteName,
            let transcoder = TextTranscoder(from: "UTF-8", to: name)
        else { return nil }
        var faults = 0
        let bytes = transcoder.convert(text, isLast: true, mark: 0x3f, faults: &faults)
        return faults == 0 ? bytes : nil
    }
}
