import Database

/// Where to, as it was written.
struct MoveTarget {
    /// `user` of `postgresql://user:password@host/…`.
    private let user: Substring
    private let password: String?
    /// `@host/database?…`.
    private let rest: Substring
    private let namesSchema: Bool

    /// `count`: the services that go there. Throws where it is none, without its password.
    init(_ url: String, for count: Int) throws {
        guard PostgresPlace.isOne(url) else {
            throw DataFolders.WrongArguments("--to begins with postgresql://")
        }
        let body = url.drop { $0 != "/" }.dropFirst(2)
        let end = body.firstIndex { $0 == "/" || $0 == "?" } ?? body.endIndex
        let at = body[..<end].lastIndex(of: "@") ?? body.startIndex
        let login = body[..<at].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        user = login.first ?? ""
        password = login.count > 1 ? String(login[1]) : nil
        rest = body[at...]
        namesSchema = rest.contains("?schema=") || rest.contains("&schema=")
        do {
            _ = try PostgresPlace(url, schema: "geartrain")
        } catch DatabaseError.schema(let words) {
            throw DataFolders.WrongArguments("--to: \(words)")
        }
        guard !namesSchema || count == 1 else {
            throw DataFolders.WrongArguments(
                "--to names a schema, which is for one service: name it by --service")
        }
    }

    func configuration(_ service: String) -> DatabaseConfiguration {
        var configuration = DatabaseConfiguration(location: location(password))
        configuration.schema = service
        return configuration
    }

    /// What is to be set, without the password.
    func setting(_ service: String) -> String {
        let place = location(password == nil ? nil : "PASSWORD")
        let mark = namesSchema ? "" : (rest.contains("?") ? "&" : "?") + "schema=\(service)"
        return "\(service.uppercased())_DATABASE=\(place)\(mark)"
    }

    private func location(_ password: String?) -> String {
        "postgresql://\(user)" + (password.map { ":" + $0 } ?? "") + rest
    }
}
