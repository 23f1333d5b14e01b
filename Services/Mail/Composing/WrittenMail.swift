import Crypto
import ServiceRuntime

/// The bytes of a mail that was just written: in memory where they are few, else in a file.
struct WrittenMail: Sendable {
    private enum Place: Sendable {
        case memory([UInt8])
        case file(WorkFile)
    }

    let size: Int
    let sha256: String
    private let place: Place
    /// The sender or a header field is outside ASCII.
    var needsUTF8 = false

    init(whole bytes: [UInt8]) {
        size = bytes.count
        sha256 = SHA256.hex(bytes)
        place = .memory(bytes)
    }

    fileprivate init(file: WorkFile, size: Int, sha256: String) {
        self.size = size
        self.sha256 = sha256
        place = .file(file)
    }

    /// The pieces, numbered from 0.
    func eachPiece(_ body: (Int, [UInt8]) throws -> Void) throws {
        let length = MailContent.pieceBytes
        guard size > length else {
            switch place {
            case .memory(let bytes): try body(0, bytes)
            case .file(let file): try body(0, file.read(at: 0, count: size))
            }
            return
        }
        for (number, offset) in stride(from: 0, to: size, by: length).enumerated() {
            let count = min(length, size - offset)
            switch place {
            case .memory(let bytes): try body(number, Array(bytes[offset..<offset + count]))
            case .file(let file): try body(number, file.read(at: offset, count: count))
            }
        }
    }
}

/// Takes the bytes of a mail as they are written.
final class MailSink {
    /// The most bytes that stay in memory.
    static let memoryBytes = 1 << 20

    private let folder: String
    private var buffer: [UInt8] = []
    private var file: WorkFile?
    private var size = 0
    private var hash: SHA256? = SHA256()

    /// `folder`: for the file of a large mail.
    init(folder: String) { self.folder = folder }

    func write(_ bytes: [UInt8]) throws {
        hash?.update(bytes)
        size += bytes.count
        buffer += bytes
        guard buffer.count > MailSink.memoryBytes else { return }
        try flush()
    }

    private func flush() throws {
        let file = try self.file ?? WorkFile(in: folder)
        self.file = file
        try file.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// All that was written; call it once.
    func finish() throws -> WrittenMail {
        guard file != nil, let digest = hash.take()?.finish() else {
            return WrittenMail(whole: buffer)
        }
        try flush()
        guard let file else { return WrittenMail(whole: []) }
        return WrittenMail(file: file, size: size, sha256: Hex.encode(digest))
    }
}
