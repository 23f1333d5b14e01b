import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/e/{capability}`: the link that a person was sent. GET only shows, so that a mail scanner that
/// opens every link does nothing; POST acts. The link itself is the right to act, so no cookie and
/// no CSRF token play a part.
struct CapabilityPages: Sendable {
    private static let tokenLimit = 256

    let frame: PageFrame
    let workflow: Peer

    func add(to table: RouteTable) {
        let anyone = Permission.anyone(because: "the link itself is the right to act")
        table.on(
            .get, "/e/{capability}", anyone,
            Operation(
                "Shows what the link does, or who did it",
                answers: [Answer(200, "As a page, or as JSON for who accepts that", "Capability")])
        ) { request, caller in
            let call = ShowCapability(token: try CapabilityPages.token(request))
            let context = try request.context(caller, door: .page)
            if CapabilityPages.wantsJSON(request) {
                return .passed(try await workflow.forward(call, as: context))
            }
            return page(try await workflow.call(call, as: context), call.token, caller)
        }
        table.on(
            .post, "/e/{capability}", anyone,
            Operation(
                "Does it, once",
                answers: [
                    Answer(200, "Done, for who accepts JSON", "Capability"),
                    Answer(303, "Done; the page that says so"),
                ]), body: RouteTable.form + RouteTable.json, bodyLimit: 16 << 10
        ) { request, caller in
            let call = UseCapability(token: try CapabilityPages.token(request))
            let context = try request.context(caller, door: .page)
            let answer = try await workflow.forward(call, as: context)
            if CapabilityPages.wantsJSON(request) { return .passed(answer) }
            return PageFrame.redirect(to: Link("e", call.token))
        }
    }

    /// Whether an answer in JSON is asked for rather than a page.
    static func wantsJSON(_ request: Request) -> Bool {
        let accept = request.headers["Accept"] ?? ""
        return accept.contains("json") && !accept.contains("text/html")
    }

    private static func token(_ request: Request) throws -> String {
        let token = request.parameters["capability"] ?? ""
        let isPlain = token.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
        guard isPlain, (1...tokenLimit).contains(token.utf8.count) else { throw Problem.notFound() }
        return token
    }

    private func page(_ view: CapabilityView, _ token: String, _ caller: Caller) -> Response {
        let texts = caller.texts
        var response = frame.page(view.title, caller, width: .narrow) {
            tag(.section, .class("card")) {
                tag(.h1) { view.title }
                switch view.state {
                case .open:
                    tag(.p) { texts.linkLead }
                    tag(.form, .post, .action(Link("e", token))) {
                        tag(.div, .class("actions")) {
                            tag(.button, .class("button main"), .type("submit")) {
                                texts.linkPress
                            }
                        }
                    }
                case .used:
                    tag(.div, .class("notice good"), .fixed("role", "status")) {
                        tag(.strong) { texts.linkDone }
                        tag(.p) { usage(view, texts) }
                    }
                case .expired:
                    tag(.div, .class("notice warn")) {
                        tag(.strong) { texts.linkExpired }
                        tag(.p) { texts.linkExpiredLead }
                    }
                }
            }
        }
        // The address is the secret: it must not leave with a click.
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response
    }

    @HTMLBuilder private func usage(_ view: CapabilityView, _ texts: Texts) -> HTML {
        texts.usedBy(view.usedBy) + (view.usedBy == nil ? "" : " ")
        if let time = view.usedAt { texts.moment(time) }
    }
}
