import Contracts
import HTTP
import JSON

/// What callers send about accounts and roles, read with every fault at once.
enum AccountInput {
    static let passwordMaximum = PasswordPolicy.maximum
    static let nameMaximum = 200

    struct Account {
        var change = AccountStore.AccountChange()
        /// Not hashed yet.
        var password: String?
    }

    /// `isWhole`: a PUT, where what is not named gets its default; otherwise a PATCH.
    static func account(
        _ value: JSONValue, code: String, isWhole: Bool, policy: PasswordPolicy
    ) throws -> Account {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(value, at: "", problems: problems)
        var input = Account()
        let has = { (key: String) in reader.object[key] != nil }
        if isWhole || has("name") {
            input.change.name = text(reader, "name", required: true)
        }
        if isWhole || has("email") { input.change.email = .some(email(reader)) }
        if isWhole || has("kind") {
            input.change.kind = reader.word("kind", of: ["person", "service"], default: "person")
        }
        if isWhole || has("enabled") {
            input.change.enabled = reader.boolean("enabled", default: true)
        }
        if isWhole || has("locked") {
            input.change.locked = reader.boolean("locked", default: false)
        }
        if isWhole || has("language") { input.change.language = language(reader) }
        if isWhole || has("roles") { input.change.roles = codes(reader, "roles") }
        input.password = password(
            reader, code: code, email: input.change.email ?? nil, policy: policy)
        if isWhole || has("mustChangePassword") {
            input.change.mustChangePassword = reader.boolean(
                "mustChangePassword", default: false)
        }
        finish(reader, code: code)
        if code == Gateway.Account.admin {
            let change = input.change
            for (pointer, isShutOut) in [
                ("/enabled", change.enabled == false), ("/locked", change.locked == true),
                ("/kind", change.kind == "service"),
            ] where isShutOut {
                problems.add(pointer, "not-allowed", "The account admin cannot be shut out.")
            }
        }
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        return input
    }

    static func role(_ value: JSONValue, code: String, isWhole: Bool) throws
        -> AccountStore.RoleChange
    {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(value, at: "", problems: problems)
        var change = AccountStore.RoleChange()
        let has = { (key: String) in reader.object[key] != nil }
        if isWhole || has("name") { change.name = reader.texts("name", required: true) }
        if isWhole || has("enabled") {
            change.enabled = reader.boolean("enabled", default: true)
        }
        if isWhole || has("permissions") { change.permissions = permissions(reader) }
        if isWhole || has("members") { change.members = codes(reader, "members") }
        if isWhole || has("disabledModels") { change.disabledModels = models(reader) }
        finish(reader, code: code)
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        return change
    }

    /// A code in a path that is none names nothing.
    static func code(_ text: String?) throws -> String {
        guard let text, FullCode.isCode(text) else {
            throw Problem.notFound("A code is lower-case letters, digits and _.")
        }
        return text
    }

    /// What GET adds may come back with PUT; it says nothing.
    static func finish(_ reader: ObjectReader, code: String) {
        if let named = reader.object["code"], named != .string(code) {
            reader.fault("code", "conflict", "The path says \(code); leave it out.")
        }
        reader.ignore("code", "version", "created", "modified")
        reader.finish()
    }

    private static func text(_ reader: ObjectReader, _ key: String, required: Bool) -> String? {
        guard let text = reader.string(key, required: required) else { return nil }
        if required, text.allSatisfy(\.isWhitespace) {
            reader.fault(key, "required", "Must not be empty.")
        }
        if text.count > nameMaximum {
            reader.fault(key, "too-long", "At most \(nameMaximum) characters.")
        }
        return text
    }

    private static func email(_ reader: ObjectReader) -> String? {
        guard let email = reader.string("email"), !email.isEmpty else { return nil }
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = email.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 }
        if parts.count != 2 || parts.contains("") || !isPlain || email.utf8.count > 254 {
            reader.fault("email", "malformed", "An e-mail address, such as anna@example.com.")
        }
        return email
    }

    /// The body of `PATCH /api/me`.
    static func ownLanguage(_ value: JSONValue) throws -> String {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(value, at: "", problems: problems)
        _ = reader.string("language", required: true)
        let language = language(reader)
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        return language
    }

    private static func language(_ reader: ObjectReader) -> String {
        let language = reader.string("language") ?? "en"
        let isTag =
            (2...8).contains(language.utf8.count)
            && language.utf8.allSatisfy {
                (97...122).contains($0) || (65...90).contains($0) || $0 == 45
            }
        if !isTag { reader.fault("language", "malformed", "A language tag, such as en.") }
        return language
    }

    private static func password(
        _ reader: ObjectReader, code: String, email: String?, policy: PasswordPolicy
    ) -> String? {
        guard let password = reader.string("password") else { return nil }
        if let fault = policy.fault(password, code: code, email: email) {
            reader.fault("password", fault.code, fault.detail)
        }
        return password
    }

    private static func models(_ reader: ObjectReader) -> [String] {
        let models = codes(reader, "disabledModels")
        if models.count > AccountStore.disabledModelLimit {
            reader.fault(
                "disabledModels", "too-many",
                "At most \(AccountStore.disabledModelLimit) models; or switch the role off.")
        }
        for (index, model) in models.enumerated() where !FullCode.isCode(model) {
            reader.problems.add(
                "\(reader.pointer)/disabledModels/\(index)", "invalid-code",
                "A model's code: lower-case letters, digits and _.")
        }
        return models
    }

    private static func codes(_ reader: ObjectReader, _ key: String) -> [String] {
        var seen: Set<String> = []
        return reader.strings(key).filter { seen.insert($0).inserted }
    }

    private static func permissions(_ reader: ObjectReader) -> [String] {
        let named = reader.strings("permissions")
        for (index, name) in named.enumerated() where !Permissions.all.contains(name) {
            reader.problems.add(
                "\(reader.pointer)/permissions/\(index)", "unknown-permission",
                "One of: \(Permissions.all.joined(separator: ", ")).")
        }
        return Permissions.all.filter(named.contains)
    }
}
