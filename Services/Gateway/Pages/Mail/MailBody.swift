import Contracts
import HTTP
import JSON
import RPC

/// A mail as a person sees it: the text as text, the HTML in a frame of its own that runs nothing
/// and loads nothing.
enum MailBody {
    /// Of the frame: whatever the mail says, no script, no form, no picture or style from
    /// elsewhere, no way out; only our own page may frame it.
    static let policy =
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        + "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

    /// Nil where it cannot be shown: confidential, removed, or Mail is away.
    static func read(_ pages: Pages, _ call: ShowMail, _ request: Request, _ caller: Caller)
        async -> JSONValue?
    {
        guard let context = try? request.context(caller, door: .page),
            let answer = try? await pages.mail.forward(call, as: context)
        else { return nil }
        return try? JSONValue(parsing: answer.bytes)
    }

    static func show(_ mail: JSONValue?, raw: Link, html: Link, _ texts: Texts) -> HTML {
        tag(.section, .class("card")) {
            tag(.h2) { texts.asSeen }
            if let mail {
                if mail["cut"] == .boolean(true) { tag(.p, .class("quiet")) { texts.isCut } }
                if let text = mail["text"]?.string, !text.isEmpty {
                    tag(.pre, .class("code mailtext")) { text }
                } else if mail["html"]?.string == nil {
                    tag(.p, .class("quiet")) { texts.noText }
                }
                if mail["html"]?.string != nil {
                    tag(.details, mail["text"]?.string == nil ? .open : nil) {
                        tag(.summary) { texts.htmlPart }
                        tag(.p, .class("quiet")) { texts.htmlSafe }
                        tag(
                            .iframe, .class("mail"), .source(html), .fixed("sandbox", ""),
                            .fixed("loading", "lazy"), .title(texts.htmlPart))
                    }
                }
                attachments(mail, texts)
            } else {
                tag(.p, .class("quiet")) { texts.awayHere }
            }
            tag(.p) { tag(.a, .href(raw)) { texts.exactBytes } }
        }
    }

    @HTMLBuilder private static func attachments(_ mail: JSONValue, _ texts: Texts) -> HTML {
        let items = mail["attachments"]?.array ?? []
        if !items.isEmpty {
            tag(.h3) { texts.attachments }
            tag(.ul) {
                for item in items {
                    tag(.li) {
                        item["name"]?.string ?? ""
                        tag(.small) {
                            " \(item["type"]?.string ?? "") "
                                + texts.bytes(item["bytes"]?.integer ?? 0)
                        }
                    }
                }
            }
        }
    }

    /// The HTML as it came, under the policy.
    static func frame(_ pages: Pages, _ call: ShowMail, _ request: Request, _ caller: Caller)
        async throws -> Response
    {
        // Opened by itself it could lead elsewhere; within the page it cannot.
        if let place = request.headers["Sec-Fetch-Dest"], place != "iframe" {
            throw Problem.notFound("It stands in the page of the mail.")
        }
        let context = try request.context(caller, door: .page)
        let mail = try JSONValue(parsing: try await pages.mail.forward(call, as: context).bytes)
        guard let html = mail["html"]?.string else { throw Problem.notFound() }
        return Response(
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy,
                "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
            ], body: .bytes(Array(html.utf8)))
    }
}
