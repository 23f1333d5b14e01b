import JSON

/// What a route does, as the OpenAPI document and `/docs` say it. What every route of its kind
/// answers (401 where an account is needed, 413 where there is a body, …) needs no word here.
struct Operation: Sendable {
    /// A value in the query.
    struct Parameter: Sendable {
        var name: String
        var type = "string"
        var about: String
        var required = false
        /// The only values that it takes, where those are few.
        var words: [String] = []
        /// The bounds of an integer.
        var range: ClosedRange<Int64>?
        /// It names a definition, and one that is unknown is not found.
        var namesDefinition = false

        static let limit = Parameter(
            name: "limit", type: "integer", about: "Items a page; 50 unless said",
            range: 1...1000)
        static let search = Parameter(
            name: "search",
            about: "Words to find in the searched columns: `print*`, `\"on fire\"`")
        static let cursor = Parameter(
            name: "cursor", about: "`next` of the page before")
    }

    /// What goes over the wire: a schema of the document by its name, or a media type.
    enum Content: Sendable {
        case json(String)
        case media(String)
    }

    struct Answer: Sendable {
        var status: Int
        var about: String
        var content: Content?

        init(_ status: Int, _ about: String, _ content: Content? = nil) {
            self.status = status
            self.about = about
            self.content = content
        }

        /// JSON of a schema.
        init(_ status: Int, _ about: String, _ schema: String) {
            self.init(status, about, .json(schema))
        }
    }

    var summary: String
    /// More than the one line of the summary, in Markdown.
    var about: String?
    var query: [Parameter]
    var body: Content?
    /// False where the body may be left out.
    var needsBody: Bool
    var needsVersion: Bool
    var answers: [Answer]
    /// Statuses of problems that no other route of its kind answers.
    var problems: [Int]
    /// Of a POST: the service behind it keeps the answer by `Idempotency-Key`, in the transaction
    /// of the effect.
    var isKeptByOwner: Bool

    init(
        _ summary: String, about: String? = nil, query: [Parameter] = [], body: Content? = nil,
        needsBody: Bool = true, needsVersion: Bool = false, answers: [Answer], problems: [Int] = [],
        isKeptByOwner: Bool = false
    ) {
        self.summary = summary
        self.about = about
        self.query = query
        self.body = body
        self.needsBody = needsBody
        self.needsVersion = needsVersion
        self.answers = answers
        self.problems = problems
        self.isKeptByOwner = isKeptByOwner
    }
}
