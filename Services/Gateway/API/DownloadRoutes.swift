import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// Signed links to the files of exports, for who has no account: made by who may export, good until
/// a time, and dead at once where the issuer may no longer.
struct DownloadRoutes: Sendable {
    let batch: Peer
    let authenticator: Authenticator
    let key: [UInt8]
    let clock: any WallClock

    init(batch: Peer, authenticator: Authenticator, sharedKey: [UInt8], clock: any WallClock) {
        self.batch = batch
        self.authenticator = authenticator
        self.clock = clock
        key = DownloadLink.key(from: sharedKey)
    }

    func add(to table: RouteTable) {
        table.on(
            .post, "/api/runs/{run:integer}/link", .holder(of: Permissions.batchOperate),
            Operation(
                "Makes a link to the file of an export, for who has no account",
                about: """
                    It is good until `expires` (24 hours unless said, 30 days at most) and as long \
                    as its issuer may export what is in the file; one made with an API token ends \
                    with that token.
                    """,
                body: .json("DownloadLinkInput"),
                answers: [Answer(201, "The link, a path of this host", "DownloadLink")],
                problems: [409]), body: RouteTable.json, bodyLimit: 4 << 10
        ) { request, caller in try await make(request, caller) }
        table.on(
            .get, "/d/{link}",
            .anyone(because: "the link is signed, and its issuer's rights count"),
            Operation(
                "The file that a link is for",
                answers: [Answer(200, "The file", .media("*/*"))], problems: [410])
        ) { request, _ in try await use(request) }
    }

    private func make(_ request: Request, _ caller: Caller) async throws -> Response {
        let identity = try caller.required
        guard identity.mayRead else {
            throw Problem.forbidden("A token that may not read gives nothing away to read.")
        }
        let run = try request.id("run")
        let now = clock.now()
        let latest = now.advanced(by: DownloadLink.longestLife)
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(
            try await request.json(limit: 4 << 10), at: "", problems: problems)
        var expires = now.advanced(by: DownloadLink.defaultLife)
        if let text = reader.string("expires") {
            if let time = Timestamp(text), time > now, time <= latest {
                expires = time
            } else {
                reader.fault(
                    "expires", "out-of-range",
                    "An RFC 3339 time that is still to come, at most 30 days from now.")
            }
        }
        reader.finish()
        guard problems.items.isEmpty else { throw Problem.validation(problems.items) }
        _ = try await batch.call(CheckRunFile(run: run), as: request.context(caller))
        var token: Int64 = 0
        if case .token(let id, _) = identity.credential { token = id }
        let link = DownloadLink(
            run: run, account: identity.accountID, token: token,
            expires: expires.milliseconds / 1000)
        let answer: JSONValue = [
            "link": .string("/d/\(link.text(key: key))"),
            "expires": .string(Timestamp(milliseconds: link.expires * 1000).text),
        ]
        return .json(answer, status: 201, headers: ["Cache-Control": "no-store"])
    }

    private func use(_ request: Request) async throws -> Response {
        guard let link = DownloadLink(request.parameters["link"] ?? "", key: key) else {
            throw Problem.notFound()
        }
        guard Timestamp(milliseconds: link.expires * 1000) > clock.now(),
            let issuer = try await authenticator.issuer(account: link.account, token: link.token),
            let identity = issuer.identity, identity.mayRead,
            identity.may(Permissions.batchOperate)
        else { throw DownloadRoutes.ended }
        let answer: ClientResponse
        do {
            answer = try await batch.stream(
                GetRunFile(run: link.run, byLink: true), body: .empty,
                as: try request.context(issuer))
        } catch let problem as Problem where [403, 404, 409].contains(problem.status) {
            // Whatever the issuer may no longer, it is over for who holds the link.
            throw DownloadRoutes.ended
        }
        var response = BatchRoutes.download(answer)
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        return response
    }

    private static let ended = Problem(
        status: 410, code: "expired", title: "It is over",
        detail: "The link has ended. Ask who gave it to you for another.")
}
