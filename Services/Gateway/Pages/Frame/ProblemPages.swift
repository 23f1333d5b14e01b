import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/problems/{code}`, and any problem of a page as a page.
struct ProblemPages: Sendable {
    let frame: PageFrame

    func add(to table: RouteTable) {
        let page = Operation.Content.media("text/html")
        let anyone = Permission.anyone(because: "an explanation holds no data")
        table.on(
            .get, "/problems", anyone,
            Operation("All problem types", answers: [Answer(200, "The page", page)])
        ) { _, caller in index(caller) }
        table.on(
            .get, "/problems/{code}", anyone,
            Operation("What a problem type means", answers: [Answer(200, "The page", page)])
        ) { request, caller in
            guard let kind = ProblemKind.find(request.parameters["code"] ?? "") else {
                throw Problem.notFound()
            }
            return explain(kind, caller)
        }
        table.on(
            .get, "/assets/{name}", .anyone(because: "a stylesheet holds no data"),
            Operation(
                "Stylesheet, script and icon",
                answers: [Answer(200, "The file", Operation.Content.media("*/*"))])
        ) { request, _ in try ProblemPages.asset(request.parameters["name"] ?? "") }
    }

    /// Immutable where the name has the hash of the content.
    private static func asset(_ name: String) throws -> Response {
        switch name {
        case Stylesheet.shared.name:
            return lasting("text/css; charset=utf-8", Stylesheet.shared.bytes)
        case Script.shared.name:
            return lasting("text/javascript; charset=utf-8", Script.shared.bytes)
        case "icon.svg":
            return Response(
                headers: [
                    "Content-Type": "image/svg+xml", "Cache-Control": "public, max-age=86400",
                    "Content-Security-Policy": "default-src 'none'",
                ], body: .bytes(Array(Stylesheet.icon.utf8)))
        default:
            throw Problem.notFound()
        }
    }

    private static func lasting(_ type: String, _ bytes: [UInt8]) -> Response {
        Response(
            headers: [
                "Content-Type": type, "Cache-Control": "public, max-age=31536000, immutable",
            ], body: .bytes(bytes))
    }

    private func index(_ caller: Caller) -> Response {
        let texts = caller.texts
        return frame.page(texts.problemPages, caller, width: .reading) {
            tag(.div, .class("head")) {
                tag(.div) {
                    tag(.h1) { texts.problemPages }
                    tag(.p) { texts.problemLead }
                }
            }
            tag(.div, .class("scroll")) {
                tag(.table) {
                    tag(.caption) { texts.problemPages }
                    tag(.tbody) {
                        for kind in ProblemKind.all {
                            tag(.tr) {
                                tag(.td, .class("number")) { String(kind.status) }
                                tag(.th, .fixed("scope", "row")) {
                                    tag(.a, .href(Link("problems", kind.code))) { kind.code }
                                }
                                tag(.td) { texts.described(kind.title) }
                            }
                        }
                    }
                }
            }
        }
    }

    private func explain(_ kind: ProblemKind, _ caller: Caller) -> Response {
        let texts = caller.texts
        return frame.page(texts.described(kind.title), caller, width: .reading) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
                tag(.a, .href(Link("docs"))) { "API" }
                tag(.a, .href(Link("problems"))) { texts.problemPages }
            }
            tag(.section, .class("card problem")) {
                tag(.h1) { texts.described(kind.title) }
                tag(.p, .class("status")) { "\(kind.status) \(kind.code)" }
                tag(.dl) {
                    tag(.dt) { texts.whatHappened }
                    tag(.dd) { texts.described(kind.meaning) }
                    tag(.dt) { texts.whatToDo }
                    tag(.dd) { texts.described(kind.remedy) }
                }
            }
        }
    }

    /// The page for a problem that a page met: what happened this time, and what to do.
    func show(_ problem: JSONValue, status: Int, _ caller: Caller) -> Response {
        let texts = caller.texts
        let code = problem["type"]?.string?.split(separator: "/").last.map(String.init) ?? ""
        let kind = ProblemKind.find(code)
        let name = kind.map { texts.described($0.title) } ?? problem["title"]?.string ?? code
        let title = status == 503 ? texts.away : name
        return frame.page(title, caller, status: status, width: .reading) {
            tag(.section, .class("card problem")) {
                tag(.h1) { title }
                tag(.p, .class("status")) { "\(status) \(code)" }
                if texts.tongue != .english, let kind { tag(.p) { texts.described(kind.meaning) } }
                // What is said of this once is a service's own, in English.
                let detail = problem["detail"]?.string ?? kind?.meaning ?? ""
                if texts.tongue == .english || detail != kind?.meaning { tag(.p) { detail } }
                if let remedy = kind?.remedy { tag(.p) { texts.described(remedy) } }
                if let id = problem["requestId"]?.string {
                    tag(.p, .class("status")) {
                        texts.requestID + " "
                        tag(.code) { id }
                    }
                }
                tag(.div, .class("actions")) {
                    tag(.a, .class("button"), .href(.home)) { texts.goHome }
                }
            }
        }
    }
}
