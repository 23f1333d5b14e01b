import Contracts
import Crypto
import HTTP
import JSON
import RPC

/// The attachments of a mail on their way into its record: whichever a mapping has put among the
/// record's values is handed to Records first, and then listed as Records has it.
struct IntakeFiles {
    private let attachments: [String: Message.Attachment]

    init(_ attachments: [Message.Attachment]) {
        self.attachments = Dictionary(
            attachments.map { (SHA256.hex($0.content), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The record's values with its files as they were staged. `stage` is called once for each
    /// content that is used.
    func staged(
        in values: JSONValue, _ stage: (Message.Attachment) async throws -> StagedFile
    ) async throws -> JSONValue {
        guard !attachments.isEmpty, var object = values.object else { return values }
        var known: [String: StagedFile] = [:]
        for (column, value) in object.members {
            guard let items = value.array else { continue }
            var names: Set<String> = []
            var list: [JSONValue] = []
            for item in items {
                guard let hash = item["sha256"]?.string, let attachment = attachments[hash] else {
                    list.append(item)
                    continue
                }
                if known[hash] == nil { known[hash] = try await stage(attachment) }
                guard let file = known[hash] else { continue }
                let wanted = item["name"]?.string ?? attachment.name
                let name = IntakeFiles.unique(wanted, among: names)
                names.insert(name)
                list.append([
                    "name": .string(name), "type": .string(file.type),
                    "bytes": .number(JSONNumber(file.bytes)), "sha256": .string(file.sha256),
                ])
            }
            object[column] = .array(list)
        }
        return .object(object)
    }

    /// The same, handed to Records.
    func staged(
        in values: JSONValue, by peers: Peers, _ context: CallContext
    ) async throws -> JSONValue {
        try await staged(in: values) { attachment in
            let answer = try await peers["records"].stream(
                StageFile(contentType: attachment.type), body: RequestBody(attachment.content),
                as: context)
            var reader = JSONReader(try await answer.body.collect(limit: 64 << 10))
            return try StagedFile(json: &reader)
        }
    }

    /// A name that none of the others has: mails have many an `image001.png`.
    static func unique(_ wanted: String, among names: Set<String>) -> String {
        let name = safe(wanted)
        guard names.contains(name) else { return name }
        let point = name.lastIndex(of: ".").flatMap { $0 > name.startIndex ? $0 : nil }
        let stem = point.map { String(name[..<$0]) } ?? name
        let end = point.map { String(name[$0...]) } ?? ""
        var number = 2
        while names.contains("\(stem)-\(number)\(end)") { number += 1 }
        return "\(stem)-\(number)\(end)"
    }

    /// What Records takes as a name: nothing that cannot be seen, no path, 240 bytes, which leaves
    /// room for a number.
    private static func safe(_ name: String) -> String {
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in name.unicodeScalars {
            let category = scalar.properties.generalCategory
            let isHidden = [.control, .format, .lineSeparator, .paragraphSeparator]
                .contains(category)
            bytes += UTF8.width(scalar)
            if bytes > 240 { break }
            kept.append(isHidden || scalar == "/" || scalar == "\\" ? "_" : scalar)
        }
        var text = Substring(String(kept))
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text.isEmpty || text == "." || text == ".." ? "attachment" : String(text)
    }
}
