/// What a server offered in its answer to EHLO.
struct SMTPExtensions: Sendable, Hashable {
    var pipelining = false
    var eightBit = false
    var utf8 = false
    /// The most bytes of a message; nil where the server says nothing or 0.
    var size: Int?

    init() {}

    /// From the server's lines up to the hand-over. After STARTTLS it was greeted again, and only
    /// its last answer counts.
    init(lines: [String]) {
        let starts = lines.indices.filter {
            lines[$0].hasPrefix("250-") && ($0 == 0 || !lines[$0 - 1].hasPrefix("250-"))
        }
        guard let start = starts.last else { return }
        for line in lines[start...] where line.hasPrefix("250") {
            let words = line.dropFirst(4).split(separator: " ")
            switch words.first?.uppercased() {
            case "PIPELINING": pipelining = true
            case "8BITMIME": eightBit = true
            case "SMTPUTF8": utf8 = true
            case "SIZE":
                size = words.count > 1 ? Int(words[1]).flatMap { $0 > 0 ? $0 : nil } : nil
            default: break
            }
        }
    }
}
