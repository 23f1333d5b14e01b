import HTTP

/// A form with a file as browsers send it (RFC 7578), read as it comes: what stands before the file
/// are fields, the file itself is a stream, and what would follow it is not looked at.
struct MultipartForm: Sendable {
    /// Bytes of all fields, and of the head of one part.
    static let fieldsLimit = 64 << 10
    static let headLimit = 16 << 10

    struct File: Sendable {
        var name: String
        var type: String?
        var body: RequestBody
    }

    var form: Form
    /// Nil where none was chosen.
    var file: File?

    init(_ request: Request) async throws {
        guard let type = request.headers["Content-Type"],
            let boundary = MultipartForm.parameter("boundary", of: type),
            (1...70).contains(boundary.utf8.count)
        else { throw MultipartForm.broken("it names no boundary") }
        let source = MultipartSource(request.body, boundary: boundary)
        var fields: [(name: String, value: String)] = []
        var left = MultipartForm.fieldsLimit
        while let head = try await source.nextPart(limit: MultipartForm.headLimit) {
            let place = MultipartForm.field("content-disposition", of: head) ?? ""
            let name = MultipartForm.parameter("name", of: place) ?? ""
            if let path = MultipartForm.parameter("filename", of: place) {
                form = Form(fields: fields)
                let last = path.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
                guard !last.isEmpty else { return }
                file = File(
                    name: last, type: MultipartForm.field("content-type", of: head),
                    body: RequestBody(next: { try await source.content() }))
                return
            }
            // A part without a value costs what is kept of it.
            left -= name.utf8.count + MultipartForm.partCost
            var value: [UInt8] = []
            if left < 0 { throw MultipartForm.tooLong }
            while let piece = try await source.content() {
                left -= piece.count
                guard left >= 0 else { throw MultipartForm.tooLong }
                value += piece
            }
            fields.append((name, String(decoding: value, as: UTF8.self)))
        }
        form = Form(fields: fields)
    }

    private static let tooLong = Problem.tooLarge(
        limit: fieldsLimit, "The fields of the form are too long.")
    /// Bytes that a field without name and value counts for.
    private static let partCost = 64

    static func broken(_ why: String) -> Problem {
        Problem(
            status: 400, code: "bad-request", title: "The request cannot be understood",
            detail: "The form is no multipart/form-data: \(why).")
    }

    /// A header field of a part, by its lower-case name.
    private static func field(_ name: String, of head: [String]) -> String? {
        for line in head {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else {
                continue
            }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return nil
    }

    /// `name="value"` or `name=value` after a semicolon. Browsers write a quote in a value as %22.
    static func parameter(_ name: String, of field: String) -> String? {
        var rest = field[...]
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...].drop { $0 == " " }
            guard let equals = rest.firstIndex(of: "="),
                rest[..<equals].lowercased() == name
            else { continue }
            let value = rest[rest.index(after: equals)...]
            if value.first == "\"" {
                let text = value.dropFirst().prefix { $0 != "\"" }
                return text.split(separator: "%22", omittingEmptySubsequences: false)
                    .joined(separator: "\"")
            }
            return String(value.prefix { $0 != ";" && $0 != " " })
        }
        return nil
    }
}

/// The parts of a multipart body, one after another, in pieces as they come.
final class MultipartSource: @unchecked Sendable {
    // Used by one task at a time.
    private var body: RequestBody.AsyncIterator
    private var buffer: [UInt8]
    private var isAtEnd = false
    /// Before the first delimiter as well: what stands there belongs to no part.
    private var isInPart = true
    private let delimiter: [UInt8]

    init(_ body: RequestBody, boundary: String) {
        self.body = body.makeAsyncIterator()
        // The first delimiter has no line break before it.
        buffer = [13, 10]
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// The head of the next part, line by line; nil at the end of the form.
    func nextPart(limit: Int) async throws -> [String]? {
        while try await content() != nil {}
        try await need(2)
        if buffer.starts(with: "--".utf8) { return nil }
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = find(end) {
                let lines = String(decoding: buffer[..<range], as: UTF8.self)
                    .split(whereSeparator: \.isNewline).map(String.init)
                buffer.removeFirst(range + end.count)
                isInPart = true
                return lines
            }
            guard buffer.count <= limit, try await fill() else {
                throw MultipartForm.broken("a part has no end of its head")
            }
        }
    }

    /// The next piece of the part; nil at its end.
    func content() async throws -> [UInt8]? {
        while isInPart {
            if let end = find(delimiter) {
                isInPart = false
                let piece = Array(buffer[..<end])
                buffer.removeFirst(end + delimiter.count)
                return piece.isEmpty ? nil : piece
            }
            // What may be the beginning of a delimiter stays.
            let count = buffer.count - delimiter.count
            if count > 0 {
                let piece = Array(buffer[..<count])
                buffer.removeFirst(count)
                return piece
            }
            guard try await fill() else {
                throw MultipartForm.broken("it ends within a part")
            }
        }
        return nil
    }

    private func need(_ count: Int) async throws {
        while buffer.count < count {
            guard try await fill() else { throw MultipartForm.broken("it has no end") }
        }
    }

    private func fill() async throws -> Bool {
        guard !isAtEnd else { return false }
        guard let piece = try await body.next() else {
            isAtEnd = true
            return false
        }
        buffer += piece
        return true
    }

    private func find(_ pattern: [UInt8]) -> Int? {
        guard buffer.count >= pattern.count else { return nil }
        var start = 0
        let last = buffer.count - pattern.count
        while start <= last, let index = buffer[start...last].firstIndex(of: pattern[0]) {
            if buffer[index..<index + pattern.count].elementsEqual(pattern) { return index }
            start = index + 1
        }
        return nil
    }
}
