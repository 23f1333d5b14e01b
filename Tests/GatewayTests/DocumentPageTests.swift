import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

/// `/docs`: the API to read and to try.
@Suite struct DocumentPageTests {
    private func form(_ fields: [(String, String)]) -> [UInt8] {
        Array(Link(query: fields.map { (name: $0, value: $1) }).text.dropFirst(2).utf8)
    }

    @Test func `every operation has a page that names its parameters and problems`() async throws {
        let gateway = try await TestGateway()
        let index = await gateway.send(.get, "/docs").text
        let entries = gateway.service.table.entries.filter { OpenAPI.tag($0.path) != "pages" }
        #expect(entries.count > 50)
        for entry in entries {
            let address = "/docs/\(OpenAPI.identifier(entry))"
            #expect(index.contains("\"\(address)\""), "\(address)")
            let page = await gateway.send(.get, address)
            #expect(page.status == 200, "\(address)")
            for parameter in OpenAPI.parameters(entry) {
                #expect(page.text.contains(parameter["name"]?.string ?? "?"), "\(address)")
            }
            #expect(page.text.contains("/problems/internal-error\""), "\(address)")
            #expect(page.text.hasOnlyOurScript, "\(address)")
        }
        #expect(await gateway.send(.get, "/docs/nothing").status == 404)
        #expect(await gateway.send(.get, "/problems/not-found").text.contains("href=\"/docs\""))
    }

    @Test func `what is said of an operation is said in each language`() async throws {
        let gateway = try await TestGateway()
        var missing: Set<String> = []
        func check(_ text: String) {
            // Words of the API alone are the same in each.
            let plain = text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 0 }.map(\.element).joined()
            let words = plain.split { !$0.isLetter }.map(String.init)
            if words.contains(where: { $0.first?.isUppercase == true }), !Texts.isDescribed(text) {
                missing.insert(text)
            }
        }
        for entry in gateway.service.table.entries where OpenAPI.tag(entry.path) != "pages" {
            check(entry.operation.summary)
            entry.operation.about.map(check)
            entry.operation.answers.forEach { check($0.about) }
            for parameter in OpenAPI.parameters(entry) {
                check(parameter["description"]?.string ?? "")
            }
            if case .anyone(let reason) = entry.permission, !Texts.isDescribed(reason) {
                missing.insert(reason)
            }
        }
        for kind in ProblemKind.all { [kind.title, kind.meaning, kind.remedy].forEach(check) }
        OpenAPI.tags.forEach { if $0.name != "pages" { check($0.about) } }
        DefinitionExamples.parts.forEach { check($0.about) }
        #expect(missing.isEmpty, "\(missing.sorted().joined(separator: "\n"))")
    }

    @Test func `an operation is tried with the session of the page, and its own rights`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let cookie: Headers = ["Cookie": "geartrain=\(admin.token)"]
        let cookies = gateway.service.door.authenticator.cookies
        func send(_ operation: String, _ fields: [(String, String)]) async -> TestGateway.Answer {
            let token = cookies.formToken(cookies.csrf(admin.token))
            return await gateway.send(
                .post, "/docs/\(operation)", body: form([("_csrf", token)] + fields),
                type: "application/x-www-form-urlencoded", headers: cookie)
        }
        let read = await send("get_api_accounts_code", [("code", "admin")])
        #expect(read.status == 200)
        #expect(read.text.contains("&quot;code&quot;: &quot;admin&quot;"))
        let made = await send(
            "put_api_accounts_code", [("code", "anna"), ("_body", #"{"name": "<b>Anna</b>"}"#)])
        #expect(made.text.contains("<strong>201</strong>"), "\(made)")
        #expect(made.text.contains("&lt;b&gt;Anna"))
        #expect(!made.text.contains("<b>Anna"))
        #expect(await admin.send(.get, "/api/accounts/anna").status == 200)
        // No right comes of it: admin reads no class data.
        let records = await send(
            "get_api_records_model_class", [("model", "helpdesk"), ("class", "ticket")])
        #expect(records.text.contains("<strong>404</strong>"))
        // Codes of a path stay in it.
        let odd = await send("get_api_accounts_code", [("code", "../../metrics")])
        #expect(odd.text.contains("<strong>404</strong>"))
    }

    @Test func `a trial needs a session and the form's token`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let type = "application/x-www-form-urlencoded"
        let nobody = await gateway.send(.post, "/docs/get_api_me", body: [], type: type)
        #expect(nobody.status == 401)
        let forged = await gateway.send(
            .post, "/docs/get_api_me", body: form([("_csrf", "forged")]), type: type,
            headers: ["Cookie": "geartrain=\(admin.token)"])
        #expect(forged.status == 403)
        #expect(await gateway.send(.get, "/docs/get_api_me").text.contains("/login?returnUrl="))
    }
}
