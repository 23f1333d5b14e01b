import JSON

// The one place that makes bytes of a problem, and a problem of bytes.
extension Problem {
    private static let members: Set<String> = [
        "type", "title", "status", "detail", "instance", "requestId", "errors", "code",
        "retryAfter",
    ]
    private static let typePrefix = "/problems/"

    /// `application/problem+json`.
    public func response(requestID: String, instance: String? = nil) -> Response {
        var headers: Headers = [
            "Content-Type": "application/problem+json", "Cache-Control": "no-store",
        ]
        if let retryAfter { headers.add("Retry-After", String(retryAfter)) }
        // Not Basic too: a browser would ask for a password in a window of its own.
        if status == 401 { headers.add("WWW-Authenticate", "Bearer realm=\"geartrain\"") }
        return Response(
            status: status, headers: headers,
            body: .bytes(bytes(requestID: requestID, instance: instance)))
    }

    private func bytes(requestID: String, instance: String?) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string(Problem.typePrefix + code)
        writer.key("title")
        writer.string(title)
        writer.key("status")
        writer.integer(Int64(status))
        if let detail {
            writer.key("detail")
            writer.string(detail)
        }
        if let instance {
            writer.key("instance")
            writer.string(instance)
        }
        writer.key("requestId")
        writer.string(requestID)
        if !errors.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for error in errors { write(error, &writer) }
            writer.endArray()
        }
        if let retryAfter {
            writer.key("retryAfter")
            writer.integer(Int64(retryAfter))
        }
        for (key, value) in extra.members where !Problem.members.contains(key) {
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
        return writer.bytes
    }

    private func write(_ error: FieldProblem, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("pointer")
        writer.string(error.pointer)
        writer.key("code")
        writer.string(error.code)
        writer.key("detail")
        writer.string(error.detail)
        writer.endObject()
    }

    /// Reads a problem that another service answered; nil where it is none.
    public init?(json: JSONValue) {
        guard let type = json["type"]?.string, type.hasPrefix(Problem.typePrefix),
            let status = json["status"]?.integer, (400...599).contains(status),
            let title = json["title"]?.string
        else { return nil }
        let errors = (json["errors"]?.array ?? []).compactMap { item in
            FieldProblem(
                pointer: item["pointer"]?.string ?? "", code: item["code"]?.string ?? "",
                detail: item["detail"]?.string ?? "")
        }
        let extra = (json.object?.members ?? []).filter { !Problem.members.contains($0.key) }
        self.init(
            status: Int(status), code: String(type.dropFirst(Problem.typePrefix.count)),
            title: title, detail: json["detail"]?.string, errors: errors,
            retryAfter: json["retryAfter"]?.integer.flatMap { Int(exactly: $0) },
            extra: JSONObject(extra.map { ($0.key, $0.value) }))
    }

    /// As a member of a larger answer.
    public var member: JSONValue {
        var object = JSONObject([
            ("type", .string(Problem.typePrefix + code)), ("title", .string(title)),
            ("status", .number(JSONNumber(Int64(status)))),
        ])
        if let detail { object["detail"] = .string(detail) }
        if !errors.isEmpty {
            object["errors"] = .array(
                errors.map { error in
                    .object(
                        JSONObject([
                            ("pointer", .string(error.pointer)), ("code", .string(error.code)),
                            ("detail", .string(error.detail)),
                        ]))
                })
        }
        for (key, value) in extra.members { object[key] = value }
        return .object(object)
    }
}
