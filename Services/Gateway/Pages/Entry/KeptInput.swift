import HTTP
import RPC

/// What somebody typed into a form whose session had ended: it goes with the log-in form as hidden
/// fields, and after the log-in it is there again, ready to be sent.
struct KeptInput: Sendable {
    /// Bytes of a form that are kept; a longer one is in the browser's own draft alone.
    static let limit = 2 << 20
    /// Before the name of each field that goes with the log-in form.
    static let prefix = "kept:"

    let target: Link
    let fields: [(name: String, value: String)]

    /// Nil where it is no form of one of our own pages: what another site sends is not kept, or its
    /// form would be sent with the rights of whoever logs in.
    init?(_ request: Request) async {
        let type = request.headers["Content-Type"]?.split(separator: ";").first
        guard request.method == .post, type == "application/x-www-form-urlencoded",
            KeptInput.isOwn(request), let target = Link(of: request),
            !["/login", "/logout", "/password"].contains(request.rawPath),
            let bytes = try? await request.body.collect(limit: KeptInput.limit),
            let query = Query(String(decoding: bytes, as: UTF8.self))
        else { return nil }
        self.init(target: target, fields: query.items)
    }

    /// Of a log-in form.
    init?(_ form: Form) {
        let kept = form.fields.filter { $0.name.hasPrefix(KeptInput.prefix) }
        guard !kept.isEmpty, let target = Link(own: form["_returnUrl"]) else { return nil }
        self.init(
            target: target,
            fields: kept.map { (String($0.name.dropFirst(KeptInput.prefix.count)), $0.value) })
    }

    init(target: Link, fields: [(name: String, value: String)]) {
        self.target = target
        // The token was of the session that ended, and a secret is not for whoever logs in next.
        self.fields = fields.filter { $0.name != "_csrf" }.map {
            Form.secrets.contains($0.name) ? ($0.name, "") : $0
        }
    }

    /// Browsers say from where a form was sent.
    static func isOwn(_ request: Request) -> Bool {
        if let site = request.headers["Sec-Fetch-Site"] { return site == "same-origin" }
        guard let origin = request.headers["Origin"], let host = request.headers["Host"] else {
            return false
        }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    /// The hidden fields of a log-in form.
    func hidden() -> HTML {
        var html = HTML.nothing
        for (name, value) in fields {
            html += tag(
                .input, .type("hidden"), .name(KeptInput.prefix + name), .value(value))
        }
        return html
    }

    /// The form again, with what was typed, to be looked at and sent.
    func page(_ frame: PageFrame, _ caller: Caller, csrf: [UInt8], status: Int = 200) -> Response {
        let texts = caller.texts
        return frame.page(texts.yourInput, caller, status: status, width: .reading) {
            tag(.div, .class("head")) { tag(.h1) { texts.yourInput } }
            tag(.div, .class("notice warn"), .role(.status)) { texts.inputIsBack }
            tag(.form, .class("card"), .post, .action(target), .data("kept")) {
                frame.csrf(csrf)
                for (index, field) in fields.enumerated() {
                    if field.name.hasPrefix("_"), !Form.secrets.contains(field.name) {
                        tag(.input, .type("hidden"), .name(field.name), .value(field.value))
                    } else {
                        tag(.div, .class("field")) {
                            tag(.label, .for("k\(index)")) { field.name }
                            KeptInput.input(field.name, field.value, id: "k\(index)")
                        }
                    }
                }
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) { texts.send }
                    tag(.a, .class("button"), .href(target)) { texts.discard }
                }
            }
        }
    }

    private static func input(_ name: String, _ value: String, id: String) -> HTML {
        if Form.secrets.contains(name) {
            return tag(
                .input, .id(id), .name(name), .type("password"),
                .fixed("autocomplete", "new-password"))
        }
        let isLong = value.utf8.count > 80 || value.contains { $0.isNewline }
        return isLong
            ? tag(.textarea, .id(id), .name(name)) { value }
            : tag(.input, .id(id), .name(name), .value(value))
    }
}
