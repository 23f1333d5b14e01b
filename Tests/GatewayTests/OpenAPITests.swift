import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

/// The description of the API against the table of routes.
@Suite struct OpenAPITests {
    @Test func `the OpenAPI document lists every route and no other`() async throws {
        let gateway = try await TestGateway()
        let document = await gateway.send(.get, "/openapi.json").json
        #expect(document["openapi"]?.string == "3.1.0")
        var described: Set<String> = []
        for (path, item) in document["paths"]?.object?.members ?? [] {
            for method in item.object?.keys ?? [] {
                described.insert("\(method.uppercased()) \(path)")
            }
        }
        let routes = gateway.service.table.router.routes
        let declared = routes.map { "\($0.method.rawValue) \(OpenAPI.template($0.path))" }
        #expect(described == Set(declared))
        #expect(declared.count == Set(declared).count)
    }

    @Test func `every shape that the document names is in it`() async throws {
        let gateway = try await TestGateway()
        let document = await gateway.send(.get, "/openapi.json")
        let schemas = Set(document.json["components"]?["schemas"]?.object?.keys ?? [])
        var named: Set<String> = []
        for part in document.text.split(separator: "#/components/schemas/").dropFirst() {
            named.insert(String(part.prefix { $0.isLetter || $0.isNumber }))
        }
        #expect(named.isSubset(of: schemas), "\(named.subtracting(schemas))")
        #expect(schemas.isSubset(of: named), "unused: \(schemas.subtracting(named))")
        #expect(Schemas.all.count == schemas.count)
    }

    /// Every operation of the document as `GET /path`, with its entry.
    private func operations(_ document: JSONValue) -> [(name: String, value: JSONValue)] {
        (document["paths"]?.object?.members ?? []).flatMap { path, item in
            (item.object?.members ?? []).map { ("\($0.key.uppercased()) \(path)", $0.value) }
        }
    }

    @Test func `every operation says its parameters, its body, its answers and its problems`()
        async throws
    {
        let gateway = try await TestGateway()
        let document = await gateway.send(.get, "/openapi.json").json
        let shared = Set(document["components"]?["responses"]?.object?.keys ?? [])
        var identifiers: Set<String> = []
        for (name, operation) in operations(document) {
            let isNew = identifiers.insert(operation["operationId"]?.string ?? "").inserted
            #expect(isNew, "\(name)")
            #expect(operation["summary"]?.string?.isEmpty == false, "\(name)")
            let parameters = operation["parameters"]?.array ?? []
            let inPath = parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.string }
            let named = name.split(separator: "{").dropFirst().map {
                String($0.prefix { $0 != "}" })
            }
            #expect(Set(inPath) == Set(named), "\(name)")
            for parameter in parameters where parameter["in"] == "query" {
                #expect((parameter["description"]?.string ?? "").count > 3, "\(name)")
            }
            let answers = operation["responses"]?.object?.members ?? []
            #expect(answers.contains { $0.key.hasPrefix("2") || $0.key == "303" }, "\(name)")
            #expect(!answers.contains { $0.key == "default" }, "\(name)")
            for (status, answer) in answers {
                guard let target = answer["$ref"]?.string else { continue }
                let last = target.split(separator: "/").last.map(String.init) ?? ""
                #expect(shared.contains(last) && last.hasSuffix(status), "\(name): \(target)")
            }
            let hasBody = operation["requestBody"] != nil
            #expect((operation["responses"]?["422"] != nil) || !hasBody, "\(name)")
        }
        let tags = Set(document["tags"]?.array?.compactMap { $0["name"]?.string } ?? [])
        for (name, operation) in operations(document) {
            let tag = operation["tags"]?.array?.first?.string ?? ""
            #expect(tags.contains(tag), "\(name): say in OpenAPI.tags what \(tag) is")
        }
    }
}
