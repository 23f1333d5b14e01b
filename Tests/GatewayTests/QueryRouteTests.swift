import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Gateway

@Suite struct QueryRouteTests {
    @Test func `GET of a query passes its parameters on`() async throws {
        let gateway = try await TestGateway()
        let anna = try await gateway.person("anna", roles: ["agent"])
        let answer = await anna.send(
            .get, "/api/queries/helpdesk/load?status=open%20now&limit=7&cursor=abc")
        #expect(answer.status == 200)
        #expect(
            answer.json == [
                "items": [
                    ["query": "helpdesk.load", "parameters": ["status": "open now"], "limit": 7]
                ],
                "next": "abc",
            ])
        for path in ["?limit=0", "?limit=10001", "?limit=x", "?a=1&a=2"] {
            #expect(
                await anna.send(.get, "/api/queries/helpdesk/load" + path).code
                    == "invalid-parameter", "\(path)")
        }
        #expect(await anna.send(.get, "/api/queries/helpdesk/No").status == 404)
        #expect(
            await gateway.send(.get, "/api/queries/helpdesk/load")
                .status == 401)
    }

    @Test func `GET of an API view lists its rows`() async throws {
        let gateway = try await TestGateway()
        let anna = try await gateway.person("anna", roles: ["agent"])
        _ = await anna.send(.post, "/api/records/helpdesk/ticket", ["subject": "Fire"])
        let answer = await anna.send(.get, "/api/views/helpdesk/ticket?count=true&limit=5")
        #expect(answer.status == 200)
        #expect(answer.json["items"]?.array?.count == 1)
        #expect(
            await anna.send(.get, "/api/views/helpdesk/ticket?expand=customer").code
                == "invalid-parameter")
    }
}
