import Testing

@testable import Curl

/// What a redirect makes of a call.
@Suite struct OutgoingHopTests {
    private func hop(_ method: String = "POST", isBodySecret: Bool = false) throws -> OutgoingHop {
        try OutgoingHop(
            OutgoingRequest(
                method: method, url: "https://a.example/x",
                headers: [
                    .init("Authorization", "Bearer 1"), .init("Cookie", "a=b"),
                    .init("Content-Type", "application/json"), .init("X-Key", "k", isSecret: true),
                    .init("X-Plain", "p"),
                ], body: [1, 2], isBodySecret: isBodySecret))
    }

    private func answer(_ status: Int, _ place: String?) -> OutgoingResponse {
        OutgoingResponse(
            status: status, headers: place.map { [(name: "LOCATION", value: $0)] } ?? [], body: [9])
    }

    @Test func `methods and bodies change as fetch changes them`() throws {
        for (status, method, next, hasBody) in [
            (301, "POST", "GET", false), (302, "POST", "GET", false), (303, "POST", "GET", false),
            (303, "PUT", "GET", false), (303, "HEAD", "HEAD", true), (301, "PUT", "PUT", true),
            (302, "DELETE", "DELETE", true), (307, "POST", "POST", true),
            (308, "PATCH", "PATCH", true),
        ] {
            let after = try #require(try hop(method).following(answer(status, "/y")))
            #expect(after.method == next, "\(status) \(method)")
            #expect(after.body == (hasBody ? [1, 2] : []))
            #expect(after.headers.contains { $0.name == "Content-Type" } == hasBody)
            #expect(after.url.text == "https://a.example:443/y")
            // The same host still learns who calls.
            #expect(after.headers.contains { $0.name == "Authorization" })
            #expect(after.headers.contains { $0.name == "X-Key" })
        }
    }

    @Test(arguments: [
        "https://b.example/y", "//b.example/y", "https://a.example:444/y", "https://sub.a.example/",
        "https://a.example.b.example/",
    ]) func `another host learns no secret`(_ place: String) throws {
        let after = try #require(try hop().following(answer(307, place)))
        #expect(after.headers.map(\.name) == ["Content-Type", "X-Plain"])
        #expect(throws: OutgoingError.self) {
            try hop(isBodySecret: true).following(answer(308, place))
        }
        // Without its body the call may go there.
        #expect(try hop(isBodySecret: true).following(answer(303, place))?.body == [])
    }

    @Test(arguments: [
        "http://a.example/y", "http://b.example/", "file:///etc/passwd", "https://u:p@b.example/",
        "https://2130706433/", "gopher://b.example/", "javascript:1", "https://b.example\\@c/",
    ]) func `a redirect that is not followed`(_ place: String) throws {
        #expect(throws: OutgoingError.self) { try hop().following(answer(302, place)) }
    }

    @Test func `what is no redirect is the answer`() throws {
        #expect(try hop().following(answer(302, nil)) == nil)
        #expect(try hop().following(answer(200, "/y")) == nil)
        #expect(try hop().following(answer(304, "/y")) == nil)
        #expect(try hop().following(answer(300, "/y")) == nil)
    }
}
