import HTTP
import TestSupport

@testable import Gateway

/// A browser as far as forms go: keeps cookies, reads the fields of a page, follows nothing by
/// itself.
final class Browser {
    let gateway: TestGateway
    private(set) var cookies: [String: String] = [:]
    private(set) var page = TestGateway.Answer(status: 0, headers: [:], bytes: [])

    init(_ gateway: TestGateway) {
        self.gateway = gateway
    }

    @discardableResult
    func get(_ path: String) async -> TestGateway.Answer {
        keep(await gateway.send(.get, path, headers: headers))
    }

    /// Sends a form with the hidden fields of the page that is open, and these.
    @discardableResult
    func post(
        _ path: String, _ fields: [String: String], hidden: Bool = true, headers more: Headers = [:]
    ) async -> TestGateway.Answer {
        var headers = headers
        for field in more.fields { headers[field.name] = field.value }
        var all = hidden ? hiddenFields : [:]
        all.merge(fields) { $1 }
        return keep(
            await gateway.send(
                .post, path, body: Array(Browser.encode(all).utf8),
                type: "application/x-www-form-urlencoded", headers: headers))
    }

    func logIn(_ account: String, _ password: String = TestGateway.password) async {
        await get("/login")
        await post("/login", ["account": account, "password": password])
    }

    /// As after a log-in, without one.
    func enter(as client: TestGateway.Client) {
        cookies["geartrain"] = client.token
    }

    /// The session is no longer there.
    func leave() { cookies["geartrain"] = nil }

    /// Where the last answer leads.
    @discardableResult
    func follow() async -> TestGateway.Answer { await get(page.location) }

    /// The value of the input with this name on the page, its entities decoded.
    func value(_ name: String) -> String? {
        for tag in page.text.split(separator: "<").map(String.init) {
            guard tag.hasPrefix("input "), Browser.attribute("name", tag) == name else { continue }
            return Browser.attribute("value", tag)
        }
        return nil
    }

    private var hiddenFields: [String: String] {
        var fields: [String: String] = [:]
        for tag in page.text.split(separator: "<").map(String.init) where tag.hasPrefix("input ") {
            guard Browser.attribute("type", tag) == "hidden",
                let name = Browser.attribute("name", tag)
            else { continue }
            fields[name] = Browser.attribute("value", tag) ?? ""
        }
        return fields
    }

    /// All that the form with this address would send as it stands: a text with its own line ends,
    /// as a browser sends them.
    func fields(of action: String) -> [String: String] {
        guard let start = page.text.ranges(of: "action=\"\(action)\"").first?.upperBound,
            let end = page.text[start...].ranges(of: "</form>").first?.lowerBound
        else { return [:] }
        var fields: [String: String] = [:]
        var select: String?
        for tag in page.text[start..<end].split(separator: "<").map(String.init) {
            let name = Browser.attribute("name", tag)
            switch tag.prefix(while: { $0.isLetter }) {
            case "input":
                guard let name, !["file", "submit"].contains(Browser.attribute("type", tag) ?? "")
                else { continue }
                if Browser.attribute("type", tag) == "checkbox", !tag.contains(" checked") {
                    continue
                }
                fields[name] = Browser.attribute("value", tag) ?? ""
            case "select": select = name
            case "option":
                guard let select else { continue }
                let value = Browser.attribute("value", tag) ?? ""
                if tag.contains(" selected") || fields[select] == nil { fields[select] = value }
            case "textarea":
                guard let name, let text = tag.split(separator: ">", maxSplits: 1).last else {
                    continue
                }
                fields[name] = Browser.decoded(String(text.dropFirst()))
                    .split(separator: "\n", omittingEmptySubsequences: false)
                    .joined(separator: "\r\n")
            default: if tag.hasPrefix("/select") { select = nil }
            }
        }
        return fields
    }

    /// Sends a form with a file.
    @discardableResult
    func post(
        _ path: String, file name: String, _ content: String, _ fields: [String: String] = [:]
    )
        async -> TestGateway.Answer
    {
        var body = ""
        for (field, value) in hiddenFields.merging(fields, uniquingKeysWith: { $1 }) {
            body += "--x\r\nContent-Disposition: form-data; name=\"\(field)\"\r\n\r\n\(value)\r\n"
        }
        body += "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
        body += "Content-Type: text/plain\r\n\r\n\(content)\r\n--x--\r\n"
        return keep(
            await gateway.send(
                .post, path, body: Array(body.utf8), type: "multipart/form-data; boundary=x",
                headers: headers))
    }

    private var headers: Headers {
        guard !cookies.isEmpty else { return [:] }
        return ["Cookie": cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")]
    }

    private func keep(_ answer: TestGateway.Answer) -> TestGateway.Answer {
        for cookie in answer.headers.all("Set-Cookie") {
            let pair = cookie.prefix { $0 != ";" }
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            cookies[parts[0]] = parts.count > 1 && !cookie.contains("Max-Age=0") ? parts[1] : nil
        }
        page = answer
        return answer
    }

    private static func attribute(_ name: String, _ tag: String) -> String? {
        guard let start = tag.range(of: " \(name)=\"") else { return nil }
        return decoded(String(tag[start...].prefix { $0 != "\"" }))
    }

    private static func decoded(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
            .reduce(text) {
                $0.split(separator: $1.0, omittingEmptySubsequences: false)
                    .joined(separator: $1.1)
            }
    }

    private static func encode(_ fields: [String: String]) -> String {
        fields.map { name, value in
            String(Link(query: [(name, value.isEmpty ? nil : value)]).text.dropFirst(2))
                .isEmpty
                ? "\(name)=" : String(Link(query: [(name, value)]).text.dropFirst(2))
        }.joined(separator: "&")
    }
}

extension String {
    /// Where `text` ends within this one, for reading what follows it.
    fileprivate func range(of text: String) -> Index? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }

    /// Whether the page's one script is ours, by its address.
    var hasOnlyOurScript: Bool {
        ranges(of: "<script").count == 1
            && ranges(of: "<script defer=\"\" blocking=\"render\" src=\"/assets/script-").count == 1
    }
}
