import Foundation
import ServiceRuntime

@testable import Mail

// The readers of Mail and Batch that strangers' bytes reach, under libFuzzer. Built and run by
// `Scripts/fuzz`; a trap, an endless loop and a wrong answer are findings.

/// The package's build gives an executable's `main` this name.
@_cdecl("fuzz_main")
func start(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    var (count, arguments) = (count, arguments)
    return runFuzzer(&count, &arguments, tryInput)
}

/// The name that libFuzzer's own `main` looks for.
@_cdecl("LLVMFuzzerTestOneInput")
func tryInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    reader(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

/// Of libFuzzer: calls the function with each input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `FUZZ` names it.
private let reader: @Sendable ([UInt8]) -> Void =
    switch ProcessInfo.processInfo.environment["FUZZ"] {
    case "mime": readMessage
    case "address": readAddresses
    case "imap": readIMAP
    case "smtp": readSMTP
    case "csv": readCSV
    case "json": readJSON
    case "xlsx": readXLSX
    case "xml": readXML
    case let name: fatalError("FUZZ is \(name ?? "not set"); say mime, csv, xlsx and so on")
    }

@Sendable private func readMessage(_ bytes: [UInt8]) {
    let limits = MIMELimits()
    let message = Message(parsing: bytes, limits: limits)
    precondition(message.attachments.count <= limits.parts)
    let content = message.attachments.reduce(0) { $0 + $1.content.count }
    precondition(content <= bytes.count, "attachments are larger than the message")
    precondition(message.attachments.allSatisfy { $0.name.utf8.count <= FileName.byteLimit })
}

@Sendable private func readAddresses(_ bytes: [UInt8]) {
    var text = HeaderText(limits: MIMELimits())
    var over = OverLimits()
    let list = AddressParser.parse(bytes, limits: MIMELimits(), text: &text, over: &over)
    precondition(list.count <= MIMELimits().addresses)
    // Whatever is taken for sending is one line.
    for address in [String(decoding: bytes, as: UTF8.self)] + list.map(\.address) {
        guard case .success(let taken) = AddressSyntax.read(address) else { continue }
        precondition(!taken.address.utf8.contains { $0 < 32 || $0 == 127 })
        precondition(!taken.name.utf8.contains { $0 < 32 || $0 == 127 })
    }
    if let date = MIMEDate.parse(bytes) {
        // What is kept as a text reads back.
        precondition(Timestamp(date.text) == date, "a date of \(date.milliseconds)")
        _ = MIMEDate.format(date)
    }
}

@Sendable private func readIMAP(_ bytes: [UInt8]) {
    agree(bytes) {
        var reader = IMAPReader()
        return { (try? reader.feed($0))?.map { "\($0)" } }
    }
}

@Sendable private func readSMTP(_ bytes: [UInt8]) {
    agree(bytes) {
        var reader = SMTPReplyReader()
        return { (try? reader.feed($0))?.map { "\($0)" } }
    }
}

/// However the network cuts them, bytes give the same responses. `reader` makes one that answers
/// what a piece completes, or nil for a fault.
private func agree(_ bytes: [UInt8], _ reader: () -> ([UInt8]) -> [String]?) {
    func read(_ size: Int) -> [String] {
        let feed = reader()
        var result: [String] = []
        for start in stride(from: 0, to: bytes.count, by: max(size, 1)) {
            guard let found = feed(Array(bytes[start..<min(start + size, bytes.count)])) else {
                break
            }
            result += found
        }
        return result
    }
    let (whole, cut) = (read(bytes.count), read(7))
    // A fault takes with it what came in the same piece.
    precondition(whole == cut || cut.starts(with: whole), "cut otherwise, read otherwise")
}
