import HTTP

/// What a person sent with a form: texts by name, and nothing else.
struct Form: Sendable {
    static let limit = 8 << 20

    /// Fields that hold a secret: no page ever shows what was typed into them.
    static let secrets: Set<String> = ["_password", "_secret"]

    let fields: [(name: String, value: String)]

    init(_ request: Request, limit: Int = Form.limit) async throws {
        let bytes = try await request.body.collect(limit: limit)
        guard let query = Query(String(decoding: bytes, as: UTF8.self)) else {
            throw Problem(
                status: 400, code: "bad-request", title: "The request cannot be understood",
                detail: "The form is not percent-encoded UTF-8.")
        }
        fields = query.items
    }

    init(fields: [(name: String, value: String)]) {
        self.fields = fields
    }

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}
