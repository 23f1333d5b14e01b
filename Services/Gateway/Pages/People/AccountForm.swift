import HTTP
import JSON

/// The form of an account: what it shows, and the body that it makes for the API.
struct AccountForm {
    var isNew = true
    var code = ""
    var name = ""
    var email = ""
    var kind = "person"
    var language = "en"
    var password = ""
    var isEnabled = true
    var isLocked = false
    var mustChange = false
    var roles: Set<String> = []
    var version: Int64?
    var isStale = false
    var problem: Problem?

    init() {}

    /// Of an account as the API shows it.
    init(_ account: JSONValue) {
        isNew = false
        code = account["code"]?.string ?? ""
        name = account["name"]?.string ?? ""
        email = account["email"]?.string ?? ""
        kind = account["kind"]?.string ?? "person"
        language = account["language"]?.string ?? "en"
        isEnabled = account["enabled"] == .boolean(true)
        isLocked = account["locked"] == .boolean(true)
        mustChange = account["mustChangePassword"] == .boolean(true)
        roles = Set((account["roles"]?.array ?? []).compactMap(\.string))
        version = account["version"]?.integer
    }

    /// As a person sent it. A box that is not ticked is not sent.
    init(_ form: Form, isNew: Bool) {
        self.isNew = isNew
        code = form["code"] ?? ""
        name = form["name"] ?? ""
        email = form["email"] ?? ""
        kind = form["kind"] ?? "person"
        language = form["language"] ?? "en"
        password = form["_password"] ?? ""
        isEnabled = form["enabled"] != nil
        isLocked = form["locked"] != nil
        mustChange = form["mustChange"] != nil
        roles = Set(form.fields.filter { $0.name == "role" }.map(\.value))
        version = form["_version"].flatMap { Int64($0) }
    }

    /// An empty password is none.
    var body: JSONValue {
        var body = JSONObject([
            ("name", .string(name)), ("email", email.isEmpty ? .null : .string(email)),
            ("kind", .string(kind)), ("language", .string(language)),
            ("enabled", .boolean(isEnabled)), ("locked", .boolean(isLocked)),
            ("mustChangePassword", .boolean(mustChange)),
            ("roles", .array(roles.sorted().map { .string($0) })),
        ])
        if !password.isEmpty { body["password"] = .string(password) }
        return .object(body)
    }

    func notice(_ texts: Texts) -> HTML {
        if isStale {
            return tag(.div, .class("notice warn"), .role(.alert)) { texts.staleForm }
        }
        return Parts.notice(
            problem, at: ["/name", "/email", "/language", "/password", "/roles", "/code"], texts)
    }

    func fields(_ known: [String], _ texts: Texts) -> HTML {
        tag(.div, .class("grid")) {
            if isNew {
                Parts.text(
                    "code", texts.account, code, note: texts.required,
                    fault: problem?.fault(at: "/code"), isNeeded: true)
            } else {
                tag(.input, .type("hidden"), .name("code"), .value(code))
                Parts.version(version)
            }
            Parts.text(
                "name", texts.name, name, note: texts.required, fault: problem?.fault(at: "/name"),
                isNeeded: true)
            Parts.text("email", texts.email, email, fault: problem?.fault(at: "/email"))
            Parts.select(
                "kind", texts.kind,
                [("person", texts.word("person")), ("service", texts.word("service"))],
                chosen: kind)
            Parts.select(
                "language", texts.language1, Language.allCases.map { ($0.rawValue, $0.name) },
                chosen: language, fault: problem?.fault(at: "/language"))
            Parts.field(
                "password", texts.newPassword1, note: texts.optional,
                fault: problem?.fault(at: "/password")
            ) {
                tag(
                    .input, .id("password"), .name("_password"), .type("password"),
                    .fixed("autocomplete", "new-password"))
            }
            tag(.fieldset, .class("field wide ticks")) {
                tag(.legend) { texts.state }
                Parts.box("enabled", "on", texts.active, isTicked: isEnabled)
                Parts.box("locked", "on", texts.isLocked, isTicked: isLocked)
                Parts.box("mustChange", "on", texts.mustChange, isTicked: mustChange)
            }
            tag(.fieldset, .class("field wide ticks")) {
                tag(.legend) { texts.roles }
                for role in Set(known).union(roles).sorted() {
                    Parts.box("role", role, role, isTicked: roles.contains(role))
                }
            }
        }
    }
}
